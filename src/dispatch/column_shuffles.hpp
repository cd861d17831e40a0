/// The shuffles that put lines side by side, column after column of pixels: see ColumnArgs.
#pragma once

#include <cstdint>

#include "kernels/kernel.hpp"

namespace octet {

/// Those of one period: of as many vectors of columns as end with a column.
class ColumnShuffles {
 public:
  ColumnShuffles(const KernelTable& kernels, std::int64_t line_count, std::int64_t pixel_bytes);

  std::int64_t period() const { return period_; }
  /// What a period takes of each line.
  std::int64_t period_bytes() const { return period_ * vector_bytes_ / line_count_; }
  std::int64_t vector_bytes() const { return vector_bytes_; }
  /// Of ColumnArgs::order, for one vector of columns.
  std::int64_t order_bytes() const { return (1 + line_count_) * vector_bytes_; }

  /// ColumnArgs::order and offsets of vector v of the period. False if the shuffles do not reach as
  /// far as its bytes lie apart in the lines.
  bool make(std::int64_t v, std::uint8_t* order, std::int64_t& offset) const;

 private:
  /// Where in the lines the column begins that byte `at` of the columns is in.
  std::int64_t line_byte(std::int64_t at) const { return at / column_bytes_ * pixel_bytes_; }

  std::int64_t line_count_, pixel_bytes_, vector_bytes_, column_bytes_, period_;
};

/// Whether an ISA has a kernel for columns, and that can make these.
bool makes_columns(const KernelTable& kernels, std::int64_t line_count, std::int64_t pixel_bytes);

}  // namespace octet
