/// Which kernels there are, which of them this CPU can run, and what the CPU is.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "octet/status.hpp"

namespace octet {

/// A CPU feature that some kernel needs, as the operating system lets it be used.
struct CpuFeature {
  std::string_view name;  ///< As in /proc/cpuinfo: "avx512_vnni", "asimddp".
  bool present;
};

/// The features that octet looks at, for this CPU.
std::span<const CpuFeature> cpu_features() noexcept;

/// One set of kernels. All give the same bytes; they differ in speed alone.
struct IsaInfo {
  std::string_view name;  ///< "avx512_vnni", "avx_vnni", "avx512", "avx2"; "neon_i8mm",
                          ///< "neon_dotprod", "neon"; "scalar"
  bool supported;         ///< By this CPU and its operating system.
  int tile_rows;          ///< mr: activation rows in the widest register tile.
  int tile_columns;       ///< nr: weight columns in the widest register tile.
};

/// Every ISA that this build of octet holds, best first. The last one, "scalar", defines the
/// results and runs everywhere.
std::span<const IsaInfo> isas() noexcept;

/// The name of the ISA that an operator uses when it is created with `max_isa`:
/// - `max_isa` empty: the best that the CPU supports;
/// - otherwise the one named, which must be known and supported;
/// - the environment variable OCTET_MAX_ISA caps both: whichever is lower in isas() wins. It is
///   read at every call.
/// On error (unknown name, or an ISA that the CPU lacks) the message lists what there is.
Status choose_isa(std::string_view max_isa, std::string_view& chosen) noexcept;

}  // namespace octet
