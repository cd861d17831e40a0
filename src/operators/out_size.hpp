/// The size of the output of a convolution or a pooling.
#pragma once

#include <cstdint>

namespace octet {

/// Positions of a window of dilation * (kernel - 1) + 1 pixels along `in` pixels and their padding;
/// 0 where it does not fit. All but `in` are at most 2^31 - 1.
inline std::int64_t out_size(std::int64_t in, std::int64_t pad_before, std::int64_t pad_after,
                             std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
  std::int64_t slack = 0;
  if (in < 1 ||
      __builtin_add_overflow(in, pad_before + pad_after - dilation * (kernel - 1) - 1, &slack) ||
      slack < 0)
    return 0;
  return (stride == 1 ? slack : slack / stride) + 1;  // small calls notice a division
}

}  // namespace octet
