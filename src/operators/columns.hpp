/// Columns of pixels: the lines under a filter copied side by side, pixel by pixel. The bytes under
/// the filter are then one run, and those of the next output pixel the same run a few columns on,
/// so that each pixel is copied once for each line of the filter, however wide that is.
#pragma once

#include <cstdint>

#include "dispatch/registry.hpp"
#include "operators/aligned_buffer.hpp"

namespace octet {

/// Bytes behind a line that are read, and behind the last column that are written, at most.
inline constexpr std::int64_t kColumnSlack = 64;

/// How the columns of a layer are made. A plain struct, whose arrays are the operator's.
struct ColumnOrder {
  /// Bytes of a column.
  std::int64_t column_bytes() const { return line_count * pixel_bytes; }
  /// What `columns` of them take in memory, whole vectors.
  std::int64_t bytes(std::int64_t columns) const {
    return round_up(columns * column_bytes(), kColumnSlack);
  }
  /// out = [columns][line_count][pixel_bytes] of the lines' first pixels.
  void make(const std::uint8_t* const* lines, std::int64_t columns, std::uint8_t* out) const;

  std::int64_t line_count = 0;
  std::int64_t pixel_bytes = 0;
  ColumnFn kernel = nullptr;
  const std::uint8_t* order = nullptr;    ///< See ColumnArgs,
  const std::int64_t* offsets = nullptr;  ///< as are these.
  std::int64_t period = 0, period_bytes = 0;
  std::int64_t vector_bytes = 0;
};

/// The order for pixels of so many bytes in so many lines, which makes_columns() serves; `memory`
/// holds it. False if there is none left.
bool make_column_order(const KernelTable& kernels, std::int64_t line_count,
                       std::int64_t pixel_bytes, AlignedBuffer<std::uint8_t>& memory,
                       ColumnOrder& order);

}  // namespace octet
