# What no unit test sees: the code that the compiler made, the rules of the source tree, and what
# a user gets. Each is a ctest test with the label `check`; cmake/checks/NAME.* is its program.
find_package(Python3 3.9 COMPONENTS Interpreter REQUIRED)
find_program(OCTET_CLANG_FORMAT NAMES clang-format-19)
find_program(OCTET_LLVM_MCA NAMES llvm-mca-19)
# Of binutils: CMAKE_OBJDUMP may be LLVM's, which prints another format.
find_program(OCTET_OBJDUMP NAMES ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-objdump objdump REQUIRED)
set(checks ${CMAKE_CURRENT_LIST_DIR})

function(octet_check name)
  add_test(NAME check.${name} COMMAND ${ARGN} COMMAND_EXPAND_LISTS
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(check.${name} PROPERTIES LABELS check)
endfunction()

# About the source tree; the same in every build.
octet_check(layers ${Python3_EXECUTABLE} ${checks}/layers.py ${PROJECT_SOURCE_DIR})
if(EXISTS ${PROJECT_SOURCE_DIR}/.git)
  octet_check(no_machine_paths ${checks}/no_machine_paths.sh)
  if(OCTET_CLANG_FORMAT)
    octet_check(format ${checks}/format.sh ${OCTET_CLANG_FORMAT})
  else()
    message(STATUS "octet: clang-format-19 is not here, check.format is left out")
  endif()
endif()

# About the code that the compiler made. A sanitizer changes it on purpose.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(kernels $<FILTER:$<TARGET_OBJECTS:octet>,INCLUDE,/src/kernels/>)
  octet_check(codegen ${Python3_EXECUTABLE} ${checks}/codegen.py
              --objdump=${OCTET_OBJDUMP} ${kernels})
  octet_check(symbols ${Python3_EXECUTABLE} ${checks}/symbols.py
              --nm=${CMAKE_NM} --objdump=${OCTET_OBJDUMP} ${kernels})
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
    if(OCTET_LLVM_MCA)
      octet_check(peak ${Python3_EXECUTABLE} ${checks}/peak.py --mca=${OCTET_LLVM_MCA}
                  --objdump=${OCTET_OBJDUMP} ${kernels})
    else()
      message(STATUS "octet: llvm-mca-19 is not here, check.peak is left out")
    endif()
  else()
    octet_check(codegen_test ${Python3_EXECUTABLE} ${checks}/codegen_test.py
                ${CMAKE_CXX_COMPILER} ${OCTET_OBJDUMP})
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    octet_check(size ${checks}/size.sh ${CMAKE_STRIP} $<TARGET_FILE:octet> 2000000)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_CROSSCOMPILING)
    octet_check(consumer ${checks}/consumer.sh ${CMAKE_COMMAND} ${PROJECT_SOURCE_DIR}
                ${PROJECT_BINARY_DIR} ${CMAKE_CXX_COMPILER})
  endif()
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/README.md AND NOT CMAKE_CROSSCOMPILING)
  separate_arguments(flags NATIVE_COMMAND "${CMAKE_CXX_FLAGS}")
  octet_check(readme ${Python3_EXECUTABLE} ${checks}/readme.py ${PROJECT_SOURCE_DIR}/README.md
              ${CMAKE_CXX_COMPILER} -std=c++20 -Wall -Wextra -Werror ${flags}
              -I${PROJECT_SOURCE_DIR}/include {source} $<TARGET_FILE:octet> -o {program})
endif()
