# Cross builds for 64-bit ARM, with Debian's cross compilers; programs run under qemu-user. GCC
# unless OCTET_CROSS_CLANG names a Clang, which then uses GCC's libraries.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)  # octet has no C; GoogleTest's project asks for it
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OCTET_CROSS_CLANG)
if(OCTET_CROSS_CLANG)
  set(CMAKE_CXX_COMPILER ${OCTET_CROSS_CLANG})
  set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
else()
  set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
endif()
foreach(tool AR NM OBJDUMP RANLIB STRIP)
  string(TOLOWER ${tool} name)
  find_program(CMAKE_${tool} aarch64-linux-gnu-${name} REQUIRED)
endforeach()

# What the build machine has under these names is of the wrong architecture.
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

find_program(OCTET_QEMU qemu-aarch64)
if(OCTET_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${OCTET_QEMU} -L /usr/aarch64-linux-gnu)
endif()
