/// 3D convolutions: their meaning, and how the library runs them, guarded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

namespace octet::test {

struct VolumeProblem {
  /// Of one plane, but for `in` [batch, depth, height, width, in_channels], `weights`
  /// [out_channels, d, h, w, in_channels / groups], `residual` [batch, od, oh, ow, out_channels],
  /// and the gaps, the last of which follow planes.
  ConvolutionProblem plane = {};
  std::int64_t depth = 1, kernel_d = 1, stride_d = 1, dilation_d = 1, pad_front = 0, pad_back = 0;

  std::int64_t out_depth() const;
};

/// The sum of the convolutions of planes: [batch, od, oh, ow, out_channels].
Cells reference_volumes(const VolumeProblem& problem);
std::string describe(const VolumeProblem& problem);

/// All but the sizes, a residual and a table.
void randomize(Random& random, VolumeProblem& problem);

Convolution3d make_convolution3d(const VolumeProblem& problem, std::string_view isa,
                                 Placement placement);
Cells run_volumes(const Convolution3d& convolution, const VolumeProblem& problem,
                  Placement placement, Executor* executor = nullptr);

/// `create` and `run`, guards after and before: equal to the reference.
void expect_exact(const VolumeProblem& problem, std::string_view isa);

}  // namespace octet::test
