/// Part of the contract, see kernel.hpp: what works on elements rather than products.
#pragma once

#include <cstdint>

#include "kernels/tile_args.hpp"
#include "octet/types.hpp"

namespace octet {

/// A run of `count` elements; `step` 1 if scale and zero_point (bias) go with the element, 0 if one
/// serves all. zero_point and bias may be null.
struct ConvertArgs {
  const void* in;
  void* out;
  DataType in_type, out_type;
  std::int64_t count;
  int scale_step, zero_point_step;
  const float* scale;
  const std::int32_t* zero_point;
};
using ConvertFn = void (*)(const ConvertArgs&);

struct RequantizeArgs {
  const std::int32_t* in;
  void* out;
  std::int64_t count;
  int scale_step;
  const float* scale;
  const std::int32_t* bias;  ///< [count] or null.
  DataType type;
  float min, max;  ///< As in EpilogueTerms.
  std::int32_t zero_point;
};
using RequantizeFn = void (*)(const RequantizeArgs&);

/// An epilogue that adds another tensor, for sums that lie in memory, with the bias. Of row i,
/// column n:
///   t = float(sums[i][n]) * scale[n] + what residual[i][n] adds
struct ResidualTerms {
  const float* scale;
  int scale_step;          ///< 1, or 0 where one serves all columns.
  EpilogueTerms epilogue;  ///< What is added, and what becomes of t; its arrays are not read.
};
struct ResidualArgs {
  const ResidualTerms* terms;
  const std::int32_t* sums;  ///< [rows][sums_stride]: readable to whole vectors of columns.
  std::int64_t sums_stride;
  std::int64_t rows, columns;
  std::int64_t column;                  ///< Of scale, residual and out, where the sums belong.
  const std::uint8_t* const* residual;  ///< [rows]: column 0. Its bytes may be those of out.
  void* const* out;                     ///< [rows]: column 0.
};
using ResidualFn = void (*)(const ResidualArgs&);

/// Bytes [column, column + columns) of each row become table[byte ^ flip].
struct LookUpArgs {
  const std::uint8_t* table;  ///< [256]
  std::uint8_t flip;          ///< 0x80 if the bytes are s8, else 0.
  void* const* rows;
  std::int64_t count, column, columns;
};
using LookUpFn = void (*)(const LookUpArgs&);

/// Pooling of `windows` windows of one size, one output pixel each, all channels of them. A window
/// is [rows][columns] pixels, all of them inside the image.
struct PoolArgs {
  const std::uint8_t* in;  ///< The first pixel of the first window.
  std::int64_t in_step;    ///< Bytes between windows; the strides are bytes, too.
  std::int64_t row_stride, pixel_stride;
  std::int64_t rows, columns;
  std::int64_t windows;
  std::int64_t channels;
  std::uint8_t flip;  ///< 0x80 if `in` is s8, else 0: bytes are then u8.
  std::uint8_t* out;
  std::int64_t out_step;

  // Averages: out = epilogue(float(bias + sum of the flipped bytes) * scale).
  std::int32_t bias;
  float scale;
  const EpilogueTerms* epilogue;  ///< For its type, clamp and zero point.
};
using PoolFn = void (*)(const PoolArgs&);

/// Lines that become columns, at most.
inline constexpr std::int64_t kMostColumnLines = 16;

/// Bytes of a line that a vector of columns may need, at most.
inline constexpr std::int64_t kColumnBytes = 32;

/// Lines of an image side by side: column after column, of each the bytes of its pixel in every
/// line. Vector v of each `period` takes kColumnBytes bytes of every line, from offsets[v] on; the
/// lines move on by period_bytes after each period. Of these bytes `order` has, for each vector,
/// the group of four that comes to each lane, and then, for each line, which of the bytes of its
/// own 16 each byte becomes, or zero.
struct ColumnArgs {
  const std::uint8_t* lines[kMostColumnLines];
  std::int64_t line_count;
  std::int64_t vectors;  ///< To be written, all of their bytes.
  std::uint8_t* out;
  const std::uint8_t* order;  ///< [period][1 + line_count] vectors
  const std::int64_t* offsets;
  std::int64_t period, period_bytes;
};
using ColumnFn = void (*)(const ColumnArgs&);

struct ElementKernels {
  ConvertFn quantize;    ///< f32 to u8, s8
  ConvertFn dequantize;  ///< u8, s8, s32 to f32
  RequantizeFn requantize;
  ResidualFn add_residual;
  LookUpFn look_up;
  PoolFn max_pool;
  PoolFn average_pool;
  ColumnFn make_columns;  ///< May be null.
};

}  // namespace octet
