/// Several rows as one. A matrix without gaps between its rows is also one of M / f rows, each of
/// them f rows in turn. Weights [f K, f N] that hold the given ones f times along the diagonal, and
/// zeros elsewhere, make of it M / f rows of f N outputs, which lie in memory as the M rows do.
/// Where N columns leave most lanes of a vector empty, the dot products are no more, and all that
/// is done once for each row (pointers, sums, epilogue, stores) is done for f of them at a time.
///
/// The pixels of an image are such rows. Under f neighbouring ones lies a filter that is f - 1
/// strides wider, and holds the given one f times, a stride apart: where filters overlap, the dot
/// products are fewer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "octet/convolution.hpp"
#include "operators/packed_weights.hpp"

namespace octet {

/// How many rows are best folded into one; 1 where that gains nothing, or cannot be.
std::int64_t fold_of(const KernelTable& kernels, const WeightsView& weights,
                     const Quantization& quantization);
/// How many pixels of a line.
std::int64_t fold_of(const KernelTable& kernels, const ConvolutionConfig& config,
                     const WeightsView& weights, const Quantization& quantization);

/// Weights and an epilogue for several rows or pixels at a time, in memory of their own.
class FoldedWeights {
 public:
  /// Of weights of one group, `kernel_w` taps in a row of the filter, and `stride` of them from one
  /// pixel to the next. The taps in a row become more by stride * (fold - 1).
  static Status create(const WeightsView& weights, const Epilogue& epilogue, std::int64_t kernel_w,
                       std::int64_t stride, std::int64_t fold, FoldedWeights& folded);
  const WeightsView& view() const { return view_; }
  const Epilogue& epilogue() const { return epilogue_; }

 private:
  WeightsView view_ = {};
  Epilogue epilogue_;
  AlignedBuffer<std::uint8_t> data_;
  AlignedBuffer<float> scale_;
  AlignedBuffer<std::int32_t> bias_;
};

/// The zero points of weights that are folded: all are the same.
inline std::span<const std::int32_t> folded_zero_points(std::span<const std::int32_t> zero_points) {
  return zero_points.empty() ? zero_points : zero_points.first(1);
}

/// All rows of a matrix without gaps but the last rows % fold, folded.
template <class Matrix>
Matrix folded_rows(Matrix matrix, std::int64_t fold) {
  matrix.rows /= fold;
  matrix.columns *= fold;
  matrix.row_stride = matrix.columns;
  return matrix;
}
/// The rows of a matrix from `first` on.
template <class Matrix>
Matrix rows_from(Matrix matrix, std::int64_t first) {
  using Byte = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(matrix.data)>>,
                                  const std::byte, std::byte>;
  matrix.data = static_cast<Byte*>(matrix.data) + first * matrix.row_stride * size_of(matrix.type);
  matrix.rows -= first;
  return matrix;
}
/// Images without gaps between their pixels, of a width that `fold` divides, folded.
inline Images folded_pixels(Images images, std::int64_t fold) {
  images.width /= fold;
  images.channels *= fold;
  images.pixel_stride = images.channels;
  return images;
}

}  // namespace octet
