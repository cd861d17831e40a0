/// Element types and the views through which octet sees its caller's memory.
#pragma once

#include <cstdint>

namespace octet {

enum class DataType : std::uint8_t { kS8, kU8, kS32, kF32 };

/// Bytes of one element.
constexpr std::int64_t size_of(DataType type) {
  return type == DataType::kS8 || type == DataType::kU8 ? 1 : 4;
}

constexpr const char* name_of(DataType type) {
  switch (type) {
    case DataType::kS8:
      return "s8";
    case DataType::kU8:
      return "u8";
    case DataType::kS32:
      return "s32";
    case DataType::kF32:
      return "f32";
  }
  return "unknown";
}

/// The DataType of a C++ type: `kTypeOf<std::int8_t>` is `DataType::kS8`.
template <class T>
constexpr DataType kTypeOf = T::no_octet_data_type;
template <>
inline constexpr DataType kTypeOf<std::int8_t> = DataType::kS8;
template <>
inline constexpr DataType kTypeOf<std::uint8_t> = DataType::kU8;
template <>
inline constexpr DataType kTypeOf<std::int32_t> = DataType::kS32;
template <>
inline constexpr DataType kTypeOf<float> = DataType::kF32;

/// A matrix [rows, columns] in somebody else's memory: element (i, j) is at
/// `data + i * row_stride + j`, counted in elements. octet touches nothing between the rows.
template <class Void>
struct BasicMatrix {
  Void* data = nullptr;
  DataType type = DataType::kS8;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t row_stride = 0;  ///< In elements, at least `columns`.
};
using Matrix = BasicMatrix<void>;
using ConstMatrix = BasicMatrix<const void>;

/// Views of typed memory; a `row_stride` of 0 means that rows lie back to back.
template <class T>
constexpr Matrix matrix(T* data, std::int64_t rows, std::int64_t columns,
                        std::int64_t row_stride = 0) {
  return {data, kTypeOf<T>, rows, columns, row_stride == 0 ? columns : row_stride};
}
template <class T>
constexpr ConstMatrix const_matrix(const T* data, std::int64_t rows, std::int64_t columns,
                                   std::int64_t row_stride = 0) {
  return {data, kTypeOf<T>, rows, columns, row_stride == 0 ? columns : row_stride};
}

/// A batch of images [batch, height, width, channels] (NHWC) in somebody else's memory: element
/// (n, y, x, c) is at `data + n * image_stride + y * row_stride + x * pixel_stride + c`, in
/// elements.
template <class Void>
struct BasicImages {
  Void* data = nullptr;
  DataType type = DataType::kS8;
  std::int64_t batch = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::int64_t pixel_stride = 0;  ///< At least `channels`.
  std::int64_t row_stride = 0;    ///< At least `(width - 1) * pixel_stride + channels`.
  std::int64_t image_stride = 0;  ///< At least `(height - 1) * row_stride` plus one row.
};
using Images = BasicImages<void>;
using ConstImages = BasicImages<const void>;

/// A batch of volumes [batch, depth, height, width, channels] (NDHWC) in somebody else's memory:
/// element (n, z, y, x, c) is at `data + n * volume_stride + z * plane_stride + y * row_stride +
/// x * pixel_stride + c`, in elements.
template <class Void>
struct BasicVolumes {
  Void* data = nullptr;
  DataType type = DataType::kS8;
  std::int64_t batch = 0;
  std::int64_t depth = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::int64_t pixel_stride = 0;   ///< At least `channels`.
  std::int64_t row_stride = 0;     ///< At least `(width - 1) * pixel_stride + channels`.
  std::int64_t plane_stride = 0;   ///< At least `(height - 1) * row_stride` plus one row.
  std::int64_t volume_stride = 0;  ///< At least `(depth - 1) * plane_stride` plus one plane.
};
using Volumes = BasicVolumes<void>;
using ConstVolumes = BasicVolumes<const void>;

/// Views of typed, contiguous NDHWC memory.
template <class T>
constexpr Volumes volumes(T* data, std::int64_t batch, std::int64_t depth, std::int64_t height,
                          std::int64_t width, std::int64_t channels) {
  const std::int64_t row = width * channels;
  return {data,         kTypeOf<T>,          batch, depth, height, width, channels, channels, row,
          height * row, depth * height * row};
}
template <class T>
constexpr ConstVolumes const_volumes(const T* data, std::int64_t batch, std::int64_t depth,
                                     std::int64_t height, std::int64_t width,
                                     std::int64_t channels) {
  const std::int64_t row = width * channels;
  return {data,         kTypeOf<T>,          batch, depth, height, width, channels, channels, row,
          height * row, depth * height * row};
}

/// Views of typed, contiguous NHWC memory.
template <class T>
constexpr Images images(T* data, std::int64_t batch, std::int64_t height, std::int64_t width,
                        std::int64_t channels) {
  return {data,
          kTypeOf<T>,
          batch,
          height,
          width,
          channels,
          channels,
          width * channels,
          height * width * channels};
}
template <class T>
constexpr ConstImages const_images(const T* data, std::int64_t batch, std::int64_t height,
                                   std::int64_t width, std::int64_t channels) {
  return {data,
          kTypeOf<T>,
          batch,
          height,
          width,
          channels,
          channels,
          width * channels,
          height * width * channels};
}

}  // namespace octet
