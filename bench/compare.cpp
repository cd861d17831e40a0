#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace octet::bench {
namespace {

constexpr std::int64_t kProductsWorthJudging = 400'000'000;  // a fraction of a second
constexpr std::int64_t kLeastJudged = 1000;

/// Element i; a double holds every value of every type.
double element(const void* data, DataType type, std::int64_t i) {
  switch (type) {
    case DataType::kS8:
      return static_cast<const std::int8_t*>(data)[i];
    case DataType::kU8:
      return static_cast<const std::uint8_t*>(data)[i];
    case DataType::kS32:
      return static_cast<const std::int32_t*>(data)[i];
    case DataType::kF32:
      return static_cast<double>(static_cast<const float*>(data)[i]);
  }
  return NAN;
}

std::vector<std::int64_t> positions_apart(const Problem& problem, std::int64_t rows,
                                          const void* octet, const void* onednn) {
  std::vector<std::int64_t> positions;
  const DataType type = problem.config().out;
  const std::int64_t columns = problem.columns();
  const std::size_t row_bytes = problem.out_bytes(1);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::size_t offset = static_cast<std::size_t>(row) * row_bytes;
    if (onednn != nullptr &&
        std::memcmp(static_cast<const std::byte*>(octet) + offset,
                    static_cast<const std::byte*>(onednn) + offset, row_bytes) == 0)
      continue;
    for (std::int64_t i = row * columns; i < (row + 1) * columns; ++i) {
      if (onednn == nullptr || element(octet, type, i) != element(onednn, type, i))
        positions.push_back(i);
    }
  }
  return positions;
}

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

/// 8-bit outputs whose last bit depends on the order of the float operations.
bool rounds(const Config& config) {
  return config.scales == Scales::kAny && size_of(config.out) == 1;
}

}  // namespace

std::int64_t count_apart(const Problem& problem, std::int64_t rows, const void* a, const void* b) {
  const std::vector<std::int64_t> positions = positions_apart(problem, rows, a, b);
  const Config& config = problem.config();
  return std::count_if(positions.begin(), positions.end(), [&](std::int64_t i) {
    return !rounds(config) || std::abs(element(a, config.out, i) - element(b, config.out, i)) > 1;
  });
}

Comparison compare(const Problem& problem, std::int64_t rows, const void* octet,
                   const void* onednn) {
  const Config& config = problem.config();
  const std::vector<std::int64_t> positions = positions_apart(problem, rows, octet, onednn);
  Comparison result;
  result.compared = rows * problem.columns();
  result.apart = static_cast<std::int64_t>(positions.size());
  const std::int64_t most = std::max(kLeastJudged, kProductsWorthJudging / problem.depth());
  const std::int64_t step = (result.apart + most - 1) / most;
  for (std::int64_t p = 0; p < result.apart; p += step) {
    const std::int64_t i = positions[static_cast<std::size_t>(p)];
    const std::int64_t row = i / problem.columns(), column = i % problem.columns();
    const std::int64_t sum = problem.exact_sum(row, column);
    const double exact = problem.expected_output(sum, column);
    const double ours = element(octet, config.out, i);
    const double theirs = onednn ? element(onednn, config.out, i) : exact;
    ++result.judged;
    bool is_first_fault = false;
    if (ours != exact) {
      is_first_fault = result.octet_wrong++ == 0;
    } else if (rounds(config) && std::abs(theirs - exact) == 1 &&
               problem.is_near_tie(sum, column)) {
      ++result.ties;
    } else if (theirs != exact) {
      is_first_fault = result.onednn_wrong++ == 0 && result.octet_wrong == 0;
    }
    if (is_first_fault) {
      result.first_wrong = "row " + std::to_string(row) + ", column " + std::to_string(column) +
                           ": octet " + text_of(ours) + ", oneDNN " +
                           (onednn ? text_of(theirs) : "-") + ", exact " + text_of(exact);
    }
  }
  return result;
}

}  // namespace octet::bench
