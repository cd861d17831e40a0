/// What this CPU can do, as far as the kernels care.
#pragma once

#include <cstdint>

namespace octet {

/// The CpuFeatureBits that the CPU has and the operating system lets programs use.
std::uint32_t cpu_feature_bits() noexcept;

}  // namespace octet
