/// Runs ConvolutionProblems on the library, with a guard page around everything it may touch.
#pragma once

#include <cstdint>
#include <string_view>

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

namespace octet::test {

/// Packs the problem's weights. Nothing that `create` was given is mapped any more afterwards.
Convolution make_convolution(const ConvolutionProblem& problem, std::string_view isa,
                             Placement placement);

/// The problem's images, with an object that may have been made for other image sizes.
Cells run_images(const Convolution& convolution, const ConvolutionProblem& problem,
                 Placement placement, Executor* executor = nullptr);

/// `create` and `run`, guards after and before: equal to the reference.
void expect_exact(const ConvolutionProblem& problem, std::string_view isa);

}  // namespace octet::test
