/// Runs ConvolutionProblems and TransposedProblems on the library, with a guard page around
/// everything it may touch.
#pragma once

#include <string_view>

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

namespace octet::test {

/// Packs the problem's weights. Nothing that `create` was given is mapped any more afterwards.
Convolution make_convolution(const ConvolutionProblem& problem, std::string_view isa,
                             Placement placement);
TransposedConvolution make_convolution(const TransposedProblem& problem, std::string_view isa,
                                       Placement placement);

/// The problem's images, with an object that may have been made for other image sizes.
template <class Operation, class Config>
Cells run_images(const Operation& operation, const ImageProblem<Config>& problem,
                 Placement placement, Executor* executor = nullptr);

/// `create` and `run`, guards after and before: equal to the reference.
template <class Config>
void expect_exact(const ImageProblem<Config>& problem, std::string_view isa);

}  // namespace octet::test
