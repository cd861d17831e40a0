/// Whose result is right, where octet's and oneDNN's are not the same.
#pragma once

#include <cstdint>
#include <string>

#include "problem.hpp"

namespace octet::bench {

/// Counts outputs. Those that differ are judged by their exact sums, which are computed product by
/// product; should that take too long, evenly spaced ones are judged.
struct Comparison {
  std::int64_t compared = 0;
  std::int64_t apart = 0;         ///< octet's is not oneDNN's.
  std::int64_t judged = 0;        ///< Of those apart. The rest of the numbers count among them:
  std::int64_t octet_wrong = 0;   ///< octet's is not the exact result.
  std::int64_t ties = 0;          ///< octet's is, and oneDNN's is one off next to a rounding tie.
  std::int64_t onednn_wrong = 0;  ///< octet's is, and oneDNN's is not.
  std::string first_wrong;        ///< Of octet, or else of oneDNN: where it is and who says what.
};

/// How many outputs of the leading `rows` rows are not the same in two results; where the scales
/// are no powers of two, how many are more than one apart.
std::int64_t count_apart(const Problem& problem, std::int64_t rows, const void* a, const void* b);

/// Compares and judges the leading `rows` rows of two results. `onednn` may be null: then every
/// output of octet counts as apart, and none of oneDNN's as a tie or wrong.
Comparison compare(const Problem& problem, std::int64_t rows, const void* octet,
                   const void* onednn);

}  // namespace octet::bench
