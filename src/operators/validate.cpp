#include "operators/validate.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

#include "operators/fused_epilogue.hpp"

namespace octet {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

long long ll(std::int64_t value) { return static_cast<long long>(value); }

/// Bytes from the first to the last element of nested dimensions must fit 63 bits.
Status check_extent(const char* name, DataType type, std::int64_t last_offset,
                    std::int64_t columns) {
  std::int64_t elements = 0, bytes = 0;
  if (__builtin_add_overflow(last_offset, columns, &elements) ||
      __builtin_mul_overflow(elements, size_of(type), &bytes))
    return Status::invalid_argument("%s: its extent in bytes exceeds 2^63 - 1", name);
  return {};
}

/// offset += (count - 1) * stride, refusing overflow.
Status add_dimension(const char* name, std::int64_t count, std::int64_t stride,
                     std::int64_t& offset) {
  std::int64_t step = 0;
  if (__builtin_mul_overflow(count - 1, stride, &step) ||
      __builtin_add_overflow(offset, step, &offset))
    return Status::invalid_argument("%s: its extent in bytes exceeds 2^63 - 1", name);
  return {};
}

/// `open` is the infinity that stands for no bound.
Status check_clamp_bound(const char* name, float bound, float open, Range range) {
  if (bound == open) return {};
  if (std::nearbyint(bound) == bound && bound >= static_cast<float>(range.min) &&
      bound <= static_cast<float>(range.max))
    return {};
  return Status::invalid_argument(
      "%s is %g: for an 8-bit output it must be a whole number in [%d, %d], or %s", name,
      static_cast<double>(bound), range.min, range.max, open > 0 ? "+infinity" : "-infinity");
}

/// The lines of an image or of a volume's plane; `extent` becomes what they span, in elements.
template <class View>
Status check_lines(const char* name, const View& view, std::int64_t& extent) {
  OCTET_RETURN_IF_ERROR(check_at_least(name, view.batch, 0, ".batch"));
  OCTET_RETURN_IF_ERROR(check_at_least(name, view.height, 1, ".height"));
  OCTET_RETURN_IF_ERROR(check_at_least(name, view.width, 1, ".width"));
  OCTET_RETURN_IF_ERROR(check_at_least(name, view.channels, 1, ".channels"));
  extent = view.channels;
  OCTET_RETURN_IF_ERROR(check_at_least(name, view.pixel_stride, extent, ".pixel_stride"));
  OCTET_RETURN_IF_ERROR(add_dimension(name, view.width, view.pixel_stride, extent));
  OCTET_RETURN_IF_ERROR(check_at_least(name, view.row_stride, extent, ".row_stride"));
  return add_dimension(name, view.height, view.row_stride, extent);
}

/// A batch of images or volumes that span `extent` elements each.
template <class View>
Status check_batch_extent(const char* name, const View& view, std::int64_t stride,
                          std::int64_t extent) {
  if (view.batch == 0) return {};
  if (view.data == nullptr) return Status::invalid_argument("%s.data is null", name);
  OCTET_RETURN_IF_ERROR(add_dimension(name, view.batch, stride, extent));
  return check_extent(name, view.type, extent, 0);
}

}  // namespace

Status checked_product(const char* name, std::int64_t a, std::int64_t b, std::int64_t& product) {
  if (__builtin_mul_overflow(a, b, &product))
    return Status::invalid_argument("%s: %lld * %lld exceeds 2^63 - 1", name, ll(a), ll(b));
  return {};
}

Status check_at_least(const char* name, std::int64_t value, std::int64_t least,
                      const char* member) {
  if (value >= least) return {};
  return Status::invalid_argument("%s%s is %lld, but must be at least %lld", name, member,
                                  ll(value), ll(least));
}

Status check_at_most(const char* name, std::int64_t value, std::int64_t most) {
  if (value <= most) return {};
  return Status::invalid_argument("%s is %lld, but must be at most %lld", name, ll(value),
                                  ll(most));
}

Status check_size(const char* name, std::int64_t value, std::int64_t least) {
  OCTET_RETURN_IF_ERROR(check_at_most(name, value, INT32_MAX));
  return check_at_least(name, value, least);
}

Status check_equal(const char* name, std::int64_t value, std::int64_t expected,
                   const char* expected_name) {
  if (value == expected) return {};
  return Status::invalid_argument("%s is %lld, but must be %lld, %s", name, ll(value), ll(expected),
                                  expected_name);
}

Status check_8bit(const char* name, DataType type) {
  if (is_8bit(type)) return {};
  return Status::invalid_argument("%s is %s, but must be s8 or u8", name, name_of(type));
}

Status check_type(const char* name, DataType type, DataType expected) {
  if (type == expected) return {};
  return Status::invalid_argument("%s is %s, but must be %s", name, name_of(type),
                                  name_of(expected));
}

Status check_zero_point(const char* name, std::int32_t zero_point, DataType type) {
  const Range range = range_of(type);
  if (zero_point >= range.min && zero_point <= range.max) return {};
  return Status::invalid_argument("%s is %d, outside [%d, %d], the range of %s", name, zero_point,
                                  range.min, range.max, name_of(type));
}

Status check_zero_points(const char* name, std::span<const std::int32_t> zero_points,
                         std::int64_t count, DataType type) {
  const auto size = static_cast<std::int64_t>(zero_points.size());
  if (size > 1 && size != count)
    return Status::invalid_argument("%s has %lld elements, but must have 0, 1 or %lld", name,
                                    ll(size), ll(count));
  if (size > 0 && zero_points.data() == nullptr)
    return Status::invalid_argument("%s is null", name);
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int32_t zero_point = zero_points[static_cast<std::size_t>(i)];
    if (check_zero_point(name, zero_point, type).ok()) continue;
    char element[64];
    std::snprintf(element, sizeof element, "%s[%lld]", name, ll(i));
    return check_zero_point(element, zero_point, type);
  }
  return {};
}

Status check_scales(const char* name, std::span<const float> scales, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(scales.size());
  if (size != 1 && size != count)
    return Status::invalid_argument("%s has %lld elements, but must have 1 or %lld", name, ll(size),
                                    ll(count));
  if (scales.data() == nullptr) return Status::invalid_argument("%s is null", name);
  for (std::int64_t i = 0; i < size; ++i) {
    const float scale = scales[static_cast<std::size_t>(i)];
    if (!(std::isfinite(scale) && scale > 0.0f))
      return Status::invalid_argument("%s[%lld] is %g, but must be finite and greater than 0", name,
                                      ll(i), static_cast<double>(scale));
  }
  return {};
}

Status check_epilogue(const Epilogue& epilogue, std::int64_t columns) {
  if (!is_8bit(epilogue.type) && epilogue.type != DataType::kS32 && epilogue.type != DataType::kF32)
    return Status::invalid_argument("epilogue.type is %d, which is no DataType",
                                    static_cast<int>(epilogue.type));
  const auto biases = static_cast<std::int64_t>(epilogue.bias.size());
  if (biases != 0 && biases != columns)
    return Status::invalid_argument("epilogue.bias has %lld elements, but must have 0 or %lld",
                                    ll(biases), ll(columns));
  if (biases != 0 && epilogue.bias.data() == nullptr)
    return Status::invalid_argument("epilogue.bias is null");
  if (!(epilogue.min <= epilogue.max))
    return Status::invalid_argument("epilogue.min is %g, but must be at most epilogue.max, %g",
                                    static_cast<double>(epilogue.min),
                                    static_cast<double>(epilogue.max));
  if (is_8bit(epilogue.type)) {
    const Range range = range_of(epilogue.type);
    OCTET_RETURN_IF_ERROR(
        check_zero_point("epilogue.zero_point", epilogue.zero_point, epilogue.type));
    OCTET_RETURN_IF_ERROR(check_clamp_bound("epilogue.min", epilogue.min, -kInfinity, range));
    OCTET_RETURN_IF_ERROR(check_clamp_bound("epilogue.max", epilogue.max, kInfinity, range));
  } else if (epilogue.zero_point != 0) {
    return Status::invalid_argument("epilogue.zero_point is %d, but must be 0 for a %s output",
                                    epilogue.zero_point, name_of(epilogue.type));
  }
  OCTET_RETURN_IF_ERROR(check_fused(epilogue));
  if (epilogue.type == DataType::kS32) {
    if (!epilogue.scale.empty())
      return Status::invalid_argument("epilogue.scale must be empty for an s32 output");
    if (std::isfinite(epilogue.min) || std::isfinite(epilogue.max))
      return Status::invalid_argument("epilogue.min and max must be infinite for an s32 output");
    return {};
  }
  return check_scales("epilogue.scale", epilogue.scale, columns);
}

Status check_matrix(const char* name, const ConstMatrix& matrix) {
  OCTET_RETURN_IF_ERROR(check_at_least(name, matrix.rows, 0, ".rows"));
  OCTET_RETURN_IF_ERROR(check_at_least(name, matrix.columns, 1, ".columns"));
  OCTET_RETURN_IF_ERROR(check_at_least(name, matrix.row_stride, matrix.columns, ".row_stride"));
  if (matrix.rows == 0) return {};
  if (matrix.data == nullptr) return Status::invalid_argument("%s.data is null", name);
  std::int64_t offset = 0;
  OCTET_RETURN_IF_ERROR(add_dimension(name, matrix.rows, matrix.row_stride, offset));
  return check_extent(name, matrix.type, offset, matrix.columns);
}

Status check_batch(const char* name, const ConstMatrix& first, std::int64_t count,
                   std::int64_t stride) {
  OCTET_RETURN_IF_ERROR(check_at_least(name, stride, 0));
  if (count == 0 || first.rows == 0) return {};
  std::int64_t offset = 0;
  OCTET_RETURN_IF_ERROR(add_dimension(name, count, stride, offset));
  OCTET_RETURN_IF_ERROR(add_dimension(name, first.rows, first.row_stride, offset));
  return check_extent(name, first.type, offset, first.columns);
}

Status check_images(const char* name, const ConstImages& images) {
  std::int64_t extent = 0;
  OCTET_RETURN_IF_ERROR(check_lines(name, images, extent));
  OCTET_RETURN_IF_ERROR(check_at_least(name, images.image_stride, extent, ".image_stride"));
  return check_batch_extent(name, images, images.image_stride, extent);
}

Status check_volumes(const char* name, const ConstVolumes& volumes) {
  std::int64_t extent = 0;
  OCTET_RETURN_IF_ERROR(check_lines(name, volumes, extent));
  OCTET_RETURN_IF_ERROR(check_at_least(name, volumes.depth, 1, ".depth"));
  OCTET_RETURN_IF_ERROR(check_at_least(name, volumes.plane_stride, extent, ".plane_stride"));
  OCTET_RETURN_IF_ERROR(add_dimension(name, volumes.depth, volumes.plane_stride, extent));
  OCTET_RETURN_IF_ERROR(check_at_least(name, volumes.volume_stride, extent, ".volume_stride"));
  return check_batch_extent(name, volumes, volumes.volume_stride, extent);
}

Status check_scratch(std::span<const std::byte> scratch, std::size_t needed) {
  if (scratch.size() >= needed && (needed == 0 || scratch.data() != nullptr)) return {};
  return Status::invalid_argument("resources.scratch has %zu bytes, but must have at least %zu",
                                  scratch.size(), needed);
}

}  // namespace octet
