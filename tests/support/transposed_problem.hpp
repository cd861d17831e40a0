/// Transposed convolution by its definition: every input pixel is scattered.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "octet/octet.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

namespace octet::test {

struct TransposedProblem {
  TransposedConvolutionConfig config = {};            ///< Its spans and epilogue are not used.
  std::vector<std::int32_t> weights_zero_point = {};  ///< [out_channels], [1] or empty.
  OwnedEpilogue epilogue = {};
  std::int64_t batch = 1, height = 1, width = 1;
  std::vector<std::int32_t> in = {};       ///< [batch, height, width, in_channels]
  std::vector<std::int32_t> weights = {};  ///< [in_channels, out_channels / groups, h, w]
  // How the images lie in memory, which the result does not depend on.
  std::array<std::int64_t, 3> in_gaps = {}, out_gaps = {};  ///< After each pixel, row, image.

  std::int64_t out_height() const;
  std::int64_t out_width() const;
};

Cells reference_transposed(const TransposedProblem& problem);  ///< [batch, oh, ow, out_channels]
std::string describe(const TransposedProblem& problem);

/// Types, zero points, epilogue, weights layout and operands of a problem whose sizes are set.
void randomize(Random& random, TransposedProblem& problem);
/// The operands alone.
void fill_operands(Random& random, TransposedProblem& problem, Values in = Values::kAny,
                   Values weights = Values::kAny);

/// A randomized problem for each kernel that networks use and each kind of channels that an
/// implementation might treat on its own: many, few, odd, grouped, depthwise.
std::vector<TransposedProblem> transposed_of_every_form(Random& random, std::int64_t batch,
                                                        std::int64_t height, std::int64_t width);

}  // namespace octet::test
