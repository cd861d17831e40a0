/// Strided matrices and images in guarded memory, with poison in every gap.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

namespace octet::test {

/// A tensor [images, rows, pixels, channels] of any strides, no byte longer than its last element.
/// Sealed, its gaps are out of reach where the machine can hold that: where they fill pages, and
/// everywhere under AddressSanitizer. `expect_gaps_untouched` finds what was written to the rest.
class GuardedTensor {
 public:
  GuardedTensor(DataType type, std::array<std::int64_t, 4> sizes,
                std::array<std::int64_t, 3> strides, Placement placement);

  /// Contiguous elements, in row-major order.
  void store(const Cells& cells);
  void store(const std::vector<std::int32_t>& values);
  Cells load() const;

  void seal_input() const;  ///< Unwritable too.
  void seal_output() const;
  void expect_gaps_untouched() const;

  Matrix matrix() const;  ///< Of the rows and channels of a tensor with one pixel per row.
  ConstMatrix const_matrix() const;
  Images images() const;
  ConstImages const_images() const;

 private:
  template <class Visit>
  void for_each_element(Visit visit) const;  ///< visit(byte offset), in row-major order.
  template <class Visit>
  void for_each_gap(Visit visit) const;  ///< visit(begin, end) in bytes.

  DataType type_;
  std::array<std::int64_t, 4> sizes_;
  std::array<std::int64_t, 3> strides_;  ///< Of images, rows, pixels; in elements.
  GuardedBuffer buffer_;
};

/// [rows, columns] with `gap` elements between rows.
GuardedTensor guarded_matrix(DataType type, std::int64_t rows, std::int64_t columns,
                             std::int64_t gap, Placement placement);

/// NHWC, with `gaps` elements after each pixel, each row and each image.
GuardedTensor guarded_images(DataType type, std::array<std::int64_t, 4> sizes,
                             std::array<std::int64_t, 3> gaps, Placement placement);

/// Reports the first cell that differs; cells are rows of `columns`.
void expect_equal_cells(const Cells& actual, const Cells& expected, std::int64_t columns,
                        DataType type, const char* what);

}  // namespace octet::test
