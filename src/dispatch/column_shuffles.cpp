#include "dispatch/column_shuffles.hpp"

#include <cstring>
#include <numeric>

namespace octet {
namespace {

constexpr std::int64_t kLane = 16;  // bytes that are put in order among themselves
constexpr std::int64_t kGroup = 4;  // bytes that go anywhere in a vector
constexpr std::uint8_t kZero = 0x80;

}  // namespace

ColumnShuffles::ColumnShuffles(const KernelTable& kernels, std::int64_t line_count,
                               std::int64_t pixel_bytes)
    : line_count_(line_count),
      pixel_bytes_(pixel_bytes),
      vector_bytes_(std::int64_t{kKr} * kernels.lanes),
      column_bytes_(line_count * pixel_bytes),
      period_(column_bytes_ / std::gcd(column_bytes_, vector_bytes_)) {}

bool ColumnShuffles::make(std::int64_t v, std::uint8_t* order, std::int64_t& offset) const {
  const std::int64_t begin = v * vector_bytes_;
  offset = line_byte(begin);
  std::memset(order, 0, static_cast<std::size_t>(vector_bytes_));
  std::memset(order + vector_bytes_, kZero, static_cast<std::size_t>(line_count_ * vector_bytes_));
  for (std::int64_t at = 0; at < vector_bytes_; ++at) {
    // The group of its line that the first byte of these 16 is in, and so at the lane's begin.
    const std::int64_t first = line_byte(begin + at / kLane * kLane) - offset;
    const std::int64_t group = first / kGroup;
    const std::int64_t byte = line_byte(begin + at) + (begin + at) % pixel_bytes_ - offset;
    const std::int64_t in_lane = byte - group * kGroup;
    if (in_lane >= kLane || byte >= kColumnBytes) return false;
    const std::int64_t line = (begin + at) % column_bytes_ / pixel_bytes_;
    order[(1 + line) * vector_bytes_ + at] = static_cast<std::uint8_t>(in_lane);
    const auto named = static_cast<std::uint32_t>(group + at % kLane / kGroup);
    if (at % kGroup == 0) std::memcpy(order + at, &named, sizeof named);
  }
  return true;
}

bool makes_columns(const KernelTable& kernels, std::int64_t line_count, std::int64_t pixel_bytes) {
  // With more than that the orders themselves would not stay in the L1 cache.
  constexpr std::int64_t kMostBytes = 12 * 1024;
  if (kernels.elements->make_columns == nullptr || pixel_bytes > kLane ||
      line_count > kMostColumnLines)
    return false;
  const ColumnShuffles shuffles(kernels, line_count, pixel_bytes);
  if (shuffles.period() * shuffles.order_bytes() > kMostBytes) return false;
  std::uint8_t order[kMostBytes];
  std::int64_t offset = 0, v = 0;
  while (v < shuffles.period() && shuffles.make(v, order, offset)) ++v;
  return v == shuffles.period();
}

}  // namespace octet
