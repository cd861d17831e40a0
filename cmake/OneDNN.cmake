# oneDNN: the reference for validation and the opponent in benchmarks, no part of the library.
# Defines the imported target octet_onednn, or sets OCTET_HAVE_ONEDNN to OFF and says what to run.
#
# Which one, measured on one core (Zen 5, u8 x s8 to u8 with bias and scales; 1024^3 / 16^3):
#
#   3.6.2, OpenMP    2.04 ms / 0.36 us   195 MB   out of paddlepaddle 3.3.1: chosen
#   3.13.2, SYCL     2.09 ms / 4.20 us   580 MB   onednn 2026.1.0
#   3.2.0, OpenMP    2.05 ms / 0.42 us    39 MB   onednn-cpu-gomp 2023.2.0
#   2.6.3, OpenMP    1.97 ms / 0.22 us     7 MB   Debian's libdnnl-dev: the fallback
#
# The onednn wheels since 2024 are SYCL builds. They have no CPU engine without the OpenCL runtime
# (225 MB) and pass every call through a SYCL queue, 4 us that an engine would not pay, with the
# same implementations as 3.6 and no faster: not a fair opponent. paddlepaddle carries the newest
# plain build known on PyPI; it lacks the headers, which come from onednn-devel 2025.0.0 (3.6.0).

set(OCTET_ONEDNN_ROOT ${PROJECT_SOURCE_DIR}/build/onednn CACHE PATH
    "Where scripts/install_onednn put oneDNN, or any other prefix with oneDNN 2.x or 3.x")

set(OCTET_HAVE_ONEDNN OFF)
if(NOT CMAKE_CROSSCOMPILING)
  # Nothing is cached, so that a later install is found. Headers and library from the same place.
  find_library(onednn_library NAMES dnnl libdnnl.so.3 PATHS ${OCTET_ONEDNN_ROOT}
               PATH_SUFFIXES lib lib64 NO_DEFAULT_PATH NO_CACHE)
  if(onednn_library)
    set(onednn_include ${OCTET_ONEDNN_ROOT}/include)
  else()
    find_library(onednn_library dnnl NO_CACHE)
    find_path(onednn_include oneapi/dnnl/dnnl.hpp NO_CACHE)
  endif()
  if(onednn_library AND EXISTS ${onednn_include}/oneapi/dnnl/dnnl.hpp)
    set(OCTET_HAVE_ONEDNN ON)
  endif()
endif()

if(OCTET_HAVE_ONEDNN)
  message(STATUS "octet: oneDNN is ${onednn_library}")
  # CMake gives programs that link it an rpath to its folder; it needs nothing but the system.
  add_library(octet_onednn SHARED IMPORTED GLOBAL)
  set_target_properties(octet_onednn PROPERTIES
    IMPORTED_LOCATION ${onednn_library}
    INTERFACE_INCLUDE_DIRECTORIES ${onednn_include}
    INTERFACE_LINK_LIBRARIES "${CMAKE_DL_LIBS}")
else()
  message(STATUS "octet: no oneDNN, so nothing to compare with: run scripts/install_onednn")
endif()
