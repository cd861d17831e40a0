# The instruction sets, best first. Adding one is a line here and src/kernels/<name>.cpp.
#
# octet_isa(NAME FLAGS...) compiles src/kernels/NAME.cpp with FLAGS, for that file alone, and puts
# NAME into the registry. A compiler that does not know the flags leaves the ISA out and says so.
include(CheckCXXCompilerFlag)

set(OCTET_ISAS "")
function(octet_isa name)
  string(JOIN " " flags ${ARGN})
  if(flags)
    string(MAKE_C_IDENTIFIER "OCTET_COMPILER_KNOWS_${name}" knows)
    check_cxx_compiler_flag("${flags}" ${knows})
    if(NOT ${knows})
      message(WARNING "octet: this compiler does not know '${flags}': ${name} is left out")
      return()
    endif()
  endif()
  set(source src/kernels/${name}.cpp)
  target_sources(octet PRIVATE ${source})
  # -O2 also in Debug: without inlining, functions that other files share would be compiled here.
  set(options ${ARGN} -O2 -ffp-contract=off -fno-exceptions)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Registers by loop, and renamed: no register moves in the dot loops.
    list(APPEND options -frename-registers -fira-region=all)
    if(name MATCHES "^neon")
      # Before registers are chosen scheduling would need too many; and pairs of general registers
      # would become vectors on their way to memory.
      list(APPEND options -fno-schedule-insns -fno-tree-slp-vectorize)
    endif()
    if(name MATCHES "^avx512")
      list(APPEND options -Wno-uninitialized -Wno-maybe-uninitialized)  # false ones, in GCC 12's header
    endif()
  else()
    list(APPEND options -Wno-pass-failed)  # a loop left rolled: the code-generation check decides
    if(name MATCHES "^avx512|^avx2")
      list(APPEND options -fno-unroll-loops)  # what pays is unrolled by hand; the rest is size
    endif()
    # In sanitized builds: checks of every captured reference would take minutes to compile.
    list(APPEND options -fno-sanitize=null,alignment,object-size,array-bounds)
  endif()
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${options}")
  list(APPEND OCTET_ISAS ${name})
  set(OCTET_ISAS ${OCTET_ISAS} PARENT_SCOPE)
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  octet_isa(avx512_vnni -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mavx512vnni -mfma)
  octet_isa(avx_vnni -mavx2 -mavxvnni)
  octet_isa(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mfma)
  octet_isa(avx2 -mavx2)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
  octet_isa(neon_i8mm -march=armv8.2-a+dotprod+i8mm)
  octet_isa(neon_dotprod -march=armv8.2-a+dotprod)
  octet_isa(neon -march=armv8-a)
endif()
octet_isa(scalar)

# The registry reads this list: one OCTET_ISA(name) per line.
list(TRANSFORM OCTET_ISAS REPLACE "(.+)" "OCTET_ISA(\\1)" OUTPUT_VARIABLE lines)
list(JOIN lines "\n" lines)
file(CONFIGURE OUTPUT generated/octet_isas.inc CONTENT "${lines}\n")
target_include_directories(octet PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
