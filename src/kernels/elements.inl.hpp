// An ISA's kernels for elements. Included inside its anonymous namespace.

// clang-format off: each names what stands above it
#include "kernels/convert.inl.hpp"
#include "kernels/residual.inl.hpp"
#include "kernels/look_up.inl.hpp"
#include "kernels/pooling.inl.hpp"
#include "kernels/columns.inl.hpp"
// clang-format on

template <class Simd>
constexpr ColumnFn column_kernel() {
  if constexpr (PlacesBytes<Simd>) return make_columns<Simd>;
  return nullptr;
}

template <class Simd>
constexpr ElementKernels make_elements() {
  return {.quantize = quantize<Simd>,
          .dequantize = dequantize<Simd>,
          .requantize = requantize<Simd>,
          .add_residual = add_residual<Simd>,
          .look_up = look_up<Simd>,
          .max_pool = max_pool<Simd>,
          .average_pool = average_pool<Simd>,
          .make_columns = column_kernel<Simd>()};
}
