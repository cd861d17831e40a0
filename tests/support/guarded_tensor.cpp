#include "support/guarded_tensor.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <bit>

namespace octet::test {
namespace {

std::size_t bytes_to_last_element(DataType type, const std::array<std::int64_t, 4>& sizes,
                                  const std::array<std::int64_t, 3>& strides) {
  if (std::ranges::any_of(sizes, [](std::int64_t size) { return size <= 0; })) return 0;
  std::int64_t elements = sizes[3];
  for (std::size_t d = 0; d < 3; ++d) elements += (sizes[d] - 1) * strides[d];
  return static_cast<std::size_t>(elements * size_of(type));
}

std::string to_text(std::uint32_t cell, DataType type) {
  return type == DataType::kF32
             ? std::to_string(std::bit_cast<float>(cell)) + " (bits " + std::to_string(cell) + ")"
             : std::to_string(static_cast<std::int32_t>(cell));
}

}  // namespace

GuardedTensor::GuardedTensor(DataType type, std::array<std::int64_t, 4> sizes,
                             std::array<std::int64_t, 3> strides, Placement placement)
    : type_(type),
      sizes_(sizes),
      strides_(strides),
      buffer_(bytes_to_last_element(type, sizes, strides), placement) {}

template <class Visit>
void GuardedTensor::for_each_element(Visit visit) const {
  for (std::int64_t n = 0; n < sizes_[0]; ++n) {
    for (std::int64_t y = 0; y < sizes_[1]; ++y) {
      for (std::int64_t x = 0; x < sizes_[2]; ++x) {
        const std::int64_t first = n * strides_[0] + y * strides_[1] + x * strides_[2];
        for (std::int64_t c = 0; c < sizes_[3]; ++c) {
          visit(static_cast<std::size_t>((first + c) * size_of(type_)));
        }
      }
    }
  }
}

template <class Visit>
void GuardedTensor::for_each_gap(Visit visit) const {
  const auto element_size = static_cast<std::size_t>(size_of(type_));
  std::size_t end_of_previous = 0;
  for_each_element([&](std::size_t offset) {  // offsets ascend: rows do not overlap
    if (offset != end_of_previous) visit(end_of_previous, offset);
    end_of_previous = offset + element_size;
  });
}

void GuardedTensor::store(const Cells& cells) {
  const auto element_size = static_cast<std::size_t>(size_of(type_));
  std::size_t i = 0;
  for_each_element([&](std::size_t offset) {  // little endian: the low byte is first
    std::memcpy(buffer_.data() + offset, &cells[i++], element_size);
  });
}

void GuardedTensor::store(const std::vector<std::int32_t>& values) {
  store(Cells(values.begin(), values.end()));
}

Cells GuardedTensor::load() const {
  Cells cells;
  for_each_element([&](std::size_t offset) {
    const std::byte* element = buffer_.data() + offset;
    std::uint32_t cell = 0;
    if (type_ == DataType::kU8) {
      cell = std::to_integer<std::uint8_t>(*element);
    } else if (type_ == DataType::kS8) {
      cell = static_cast<std::uint32_t>(std::to_integer<std::int8_t>(*element));
    } else {
      std::memcpy(&cell, element, sizeof cell);
    }
    cells.push_back(cell);
  });
  return cells;
}

void GuardedTensor::seal_input() const {
  buffer_.make_read_only();
  seal_output();
}

void GuardedTensor::seal_output() const {
  for_each_gap([&](std::size_t begin, std::size_t end) { buffer_.forbid(begin, end); });
}

void GuardedTensor::expect_gaps_untouched() const {
  buffer_.allow_all();
  for_each_gap([&](std::size_t begin, std::size_t end) {
    const auto gap = buffer_.bytes().subspan(begin, end - begin);
    EXPECT_TRUE(std::ranges::all_of(gap, [](std::byte byte) { return byte == kPoison; }))
        << "something was written between bytes " << begin << " and " << end
        << ", which belong to no element";
  });
}

Matrix GuardedTensor::matrix() const {
  return {buffer_.data(), type_, sizes_[1], sizes_[3], strides_[1]};
}

ConstMatrix GuardedTensor::const_matrix() const {
  return {buffer_.data(), type_, sizes_[1], sizes_[3], strides_[1]};
}

Images GuardedTensor::images() const {
  return {buffer_.data(), type_,       sizes_[0],   sizes_[1],  sizes_[2],
          sizes_[3],      strides_[2], strides_[1], strides_[0]};
}

ConstImages GuardedTensor::const_images() const {
  return {buffer_.data(), type_,       sizes_[0],   sizes_[1],  sizes_[2],
          sizes_[3],      strides_[2], strides_[1], strides_[0]};
}

GuardedTensor guarded_matrix(DataType type, std::int64_t rows, std::int64_t columns,
                             std::int64_t gap, Placement placement) {
  return GuardedTensor(type, {1, rows, 1, columns}, {0, columns + gap, 0}, placement);
}

GuardedTensor guarded_images(DataType type, std::array<std::int64_t, 4> sizes,
                             std::array<std::int64_t, 3> gaps, Placement placement) {
  const std::int64_t pixel_stride = sizes[3] + gaps[0];
  const std::int64_t row_stride = sizes[2] * pixel_stride + gaps[1];
  const std::int64_t image_stride = sizes[1] * row_stride + gaps[2];
  return GuardedTensor(type, sizes, {image_stride, row_stride, pixel_stride}, placement);
}

void expect_equal_cells(const Cells& actual, const Cells& expected, std::int64_t columns,
                        DataType type, const char* what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  const auto mismatch = std::ranges::mismatch(actual, expected);
  if (mismatch.in1 == actual.end()) return;
  std::size_t count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) count += actual[i] != expected[i] ? 1 : 0;
  const std::int64_t at = mismatch.in1 - actual.begin();
  ADD_FAILURE() << what << ": " << count << " of " << actual.size()
                << " elements differ, first row " << at / columns << " column " << at % columns
                << ": " << to_text(*mismatch.in1, type) << " instead of "
                << to_text(*mismatch.in2, type);
}

}  // namespace octet::test
