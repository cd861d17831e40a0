/// Checks of what callers pass in. Every message names the argument and the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "octet/epilogue.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"

/// Returns from the calling function if `expression` is an error.
#define OCTET_RETURN_IF_ERROR(expression)                                                     \
  do {                                                                                        \
    if (::octet::Status octet_status = (expression); !octet_status.ok()) return octet_status; \
  } while (false)

namespace octet {

/// Whole numbers that a quantized type can hold.
struct Range {
  std::int32_t min, max;
};
constexpr bool is_8bit(DataType type) { return type == DataType::kS8 || type == DataType::kU8; }
constexpr Range range_of(DataType type) {
  if (type == DataType::kS8) return {-128, 127};
  if (type == DataType::kU8) return {0, 255};
  return {INT32_MIN, INT32_MAX};
}

/// a * b, or an error that calls the product `name`, where it leaves 63 bits.
Status checked_product(const char* name, std::int64_t a, std::int64_t b, std::int64_t& product);

/// `member` is appended to the name in the message.
Status check_at_least(const char* name, std::int64_t value, std::int64_t least,
                      const char* member = "");
Status check_at_most(const char* name, std::int64_t value, std::int64_t most);
/// At least `least`, and so small that sums of a few such sizes and products of two fit 63 bits.
Status check_size(const char* name, std::int64_t value, std::int64_t least);
Status check_equal(const char* name, std::int64_t value, std::int64_t expected,
                   const char* expected_name);
Status check_8bit(const char* name, DataType type);
Status check_type(const char* name, DataType type, DataType expected);
Status check_zero_point(const char* name, std::int32_t zero_point, DataType type);
/// Empty, one for all, or one for each of `count`.
Status check_zero_points(const char* name, std::span<const std::int32_t> zero_points,
                         std::int64_t count, DataType type);
/// One for all, or one for each of `count`; finite and greater than 0.
Status check_scales(const char* name, std::span<const float> scales, std::int64_t count);
Status check_epilogue(const Epilogue& epilogue, std::int64_t columns);

/// A view of at least 0 x 1 elements: its pointer (if it holds anything), its stride, and that its
/// extent can be addressed.
Status check_matrix(const char* name, const ConstMatrix& matrix);
/// The distance between `count` matrices, all of them like `first`, and that they can be addressed.
Status check_batch(const char* name, const ConstMatrix& first, std::int64_t count,
                   std::int64_t stride);
Status check_images(const char* name, const ConstImages& images);
Status check_volumes(const char* name, const ConstVolumes& volumes);
inline ConstMatrix as_const(const Matrix& matrix) {
  return {matrix.data, matrix.type, matrix.rows, matrix.columns, matrix.row_stride};
}
inline ConstImages as_const(const Images& images) {
  return {images.data,     images.type,         images.batch,      images.height,      images.width,
          images.channels, images.pixel_stride, images.row_stride, images.image_stride};
}
inline ConstVolumes as_const(const Volumes& v) {
  return {v.data,     v.type,         v.batch,      v.depth,        v.height,       v.width,
          v.channels, v.pixel_stride, v.row_stride, v.plane_stride, v.volume_stride};
}
Status check_scratch(std::span<const std::byte> scratch, std::size_t needed);

}  // namespace octet
