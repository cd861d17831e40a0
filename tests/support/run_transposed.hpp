/// Runs TransposedProblems on the library, with a guard page around everything it may touch.
#pragma once

#include <string_view>

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/transposed_problem.hpp"

namespace octet::test {

/// Packs the problem's weights. Nothing that `create` was given is mapped any more afterwards.
TransposedConvolution make_transposed(const TransposedProblem& problem, std::string_view isa,
                                      Placement placement);

/// The problem's images, with an object that may have been made for other image sizes.
Cells run_images(const TransposedConvolution& convolution, const TransposedProblem& problem,
                 Placement placement, Executor* executor = nullptr);

/// `create` and `run`, guards after and before: equal to the reference.
void expect_exact(const TransposedProblem& problem, std::string_view isa);

}  // namespace octet::test
