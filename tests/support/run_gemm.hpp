/// Runs GemmProblems on the library, with a guard page around everything it may touch.
#pragma once

#include <cstdint>
#include <string_view>

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

namespace octet::test {

/// Packs the problem's rhs. Nothing that `create` was given is mapped any more when this returns.
Gemm make_gemm(const GemmProblem& problem, std::string_view isa, Placement placement);

/// Rows [first_row, first_row + rows) of the problem.
Cells run_rows(const Gemm& gemm, const GemmProblem& problem, std::int64_t first_row,
               std::int64_t rows, Placement placement, Executor* executor = nullptr);

/// `create` and `run`.
Cells run_packed(const GemmProblem& problem, std::string_view isa, Placement placement,
                 Executor* executor = nullptr);

/// The function `gemm`.
Cells run_one_shot(const GemmProblem& problem, std::string_view isa, Placement placement,
                   Executor* executor = nullptr);

/// Packed and one-shot, guards after and before: all equal to the reference.
void expect_exact(const GemmProblem& problem, std::string_view isa);

}  // namespace octet::test
