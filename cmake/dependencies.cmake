# What octet is built from. None of it reaches a program that links octet.

# octet_find(NAME DEBIAN_PACKAGE): find_package that says what to install when it fails.
macro(octet_find name debian_package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "octet needs ${name}. On Debian and Ubuntu: apt-get install ${debian_package}")
  endif()
endmacro()

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
