# What octet is built from. None of it reaches a program that links octet.

# octet_find(NAME DEBIAN_PACKAGE): find_package that says what to install when it fails.
macro(octet_find name debian_package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "octet needs ${name}. On Debian and Ubuntu: apt-get install ${debian_package}")
  endif()
endmacro()

# A cross build takes Debian's packages for the build machine, as far as they are sources.
if(CMAKE_CROSSCOMPILING)
  find_path(OCTET_HOST_XSIMD xsimd/xsimd.hpp PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH NO_CACHE)
  if(NOT OCTET_HOST_XSIMD OR NOT EXISTS /usr/src/googletest/CMakeLists.txt)
    message(FATAL_ERROR "octet cross builds need: apt-get install libxsimd-dev googletest")
  endif()
  # By a link: among the headers of the build machine's own system xsimd is of no use.
  set(OCTET_XSIMD_INCLUDE_DIR ${CMAKE_CURRENT_BINARY_DIR}/headers)
  file(MAKE_DIRECTORY ${OCTET_XSIMD_INCLUDE_DIR})
  file(CREATE_LINK ${OCTET_HOST_XSIMD}/xsimd ${OCTET_XSIMD_INCLUDE_DIR}/xsimd SYMBOLIC)
  if(OCTET_BUILD_TESTS)
    set(BUILD_GMOCK OFF)
    set(INSTALL_GTEST OFF)
    add_subdirectory(/usr/src/googletest googletest EXCLUDE_FROM_ALL SYSTEM)
    target_compile_options(gtest PRIVATE -w)
  endif()
  return()
endif()

# Headers only, and only their directory is used: the Debian package's target also names xtl,
# which octet does not need.
octet_find(xsimd libxsimd-dev)
get_target_property(OCTET_XSIMD_INCLUDE_DIR xsimd INTERFACE_INCLUDE_DIRECTORIES)

if(OCTET_BUILD_TESTS)
  octet_find(GTest libgtest-dev)
endif()
if(OCTET_BUILD_BENCH)
  octet_find(benchmark libbenchmark-dev)
  octet_find(CLI11 libcli11-dev)
  octet_find(nlohmann_json nlohmann-json3-dev)
  octet_find(OpenMP libomp-dev)  # of Clang; GCC brings its own
  include(cmake/OneDNN.cmake)
endif()
