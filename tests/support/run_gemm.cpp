#include "support/run_gemm.hpp"

#include <gtest/gtest.h>

#include "support/every_isa.hpp"
#include "support/guarded_epilogue.hpp"
#include "support/guarded_tensor.hpp"

namespace octet::test {
namespace {

/// The problem's config, over guarded arrays.
struct GuardedConfig {
  GuardedConfig(const GemmProblem& problem, std::string_view isa, Placement placement)
      : epilogue(problem.epilogue, placement),
        rhs_zero_point(problem.rhs_zero_point, placement),
        config{.lhs_type = problem.lhs_type,
               .lhs_zero_point = problem.lhs_zero_point,
               .rhs_zero_point = rhs_zero_point.span(),
               .rhs_transposed = problem.rhs_transposed,
               .epilogue = epilogue.epilogue,
               .max_isa = isa} {}

  GuardedEpilogue epilogue;
  GuardedArray<std::int32_t> rhs_zero_point;
  GemmConfig config;
};

GuardedTensor guarded_lhs(const GemmProblem& problem, std::int64_t first_row, std::int64_t rows,
                          Placement placement) {
  GuardedTensor lhs = guarded_matrix(problem.lhs_type, rows, problem.k, problem.lhs_gap, placement);
  const auto begin = problem.lhs.begin() + first_row * problem.k;
  lhs.store(Cells(begin, begin + rows * problem.k));
  lhs.seal_input();
  return lhs;
}

GuardedTensor guarded_rhs(const GemmProblem& problem, Placement placement) {
  if (!problem.rhs_transposed) {
    GuardedTensor rhs =
        guarded_matrix(problem.rhs_type, problem.k, problem.n, problem.rhs_gap, placement);
    rhs.store(problem.rhs);
    rhs.seal_input();
    return rhs;
  }
  Cells transposed;
  for (std::int64_t j = 0; j < problem.n; ++j) {
    for (std::int64_t l = 0; l < problem.k; ++l) {
      transposed.push_back(
          static_cast<std::uint32_t>(problem.rhs[static_cast<std::size_t>(l * problem.n + j)]));
    }
  }
  GuardedTensor rhs =
      guarded_matrix(problem.rhs_type, problem.n, problem.k, problem.rhs_gap, placement);
  rhs.store(transposed);
  rhs.seal_input();
  return rhs;
}

/// The rows' residual; a null view where there is none.
GuardedTensor guarded_residual(const GemmProblem& problem, std::int64_t first_row,
                               std::int64_t rows, Placement placement) {
  if (!problem.epilogue.residual) return guarded_matrix(DataType::kS8, 0, 1, 0, placement);
  GuardedTensor residual = guarded_matrix(problem.epilogue.residual->type, rows, problem.n,
                                          problem.residual_gap, placement);
  const auto begin = problem.residual.begin() + first_row * problem.n;
  residual.store(Cells(begin, begin + rows * problem.n));
  residual.seal_input();
  return residual;
}
ConstMatrix view_of(const GuardedTensor& residual, const GemmProblem& problem) {
  return problem.epilogue.residual ? residual.const_matrix() : ConstMatrix{};
}

int threads_of(Executor* executor) { return executor ? executor->threads() : 1; }

Cells finish(const Status& status, const GuardedTensor& out) {
  EXPECT_TRUE(status.ok()) << status.message();
  out.expect_gaps_untouched();
  return out.load();
}

}  // namespace

Gemm make_gemm(const GemmProblem& problem, std::string_view isa, Placement placement) {
  const GuardedConfig guarded(problem, isa, placement);
  const GuardedTensor rhs = guarded_rhs(problem, placement);
  Gemm gemm;
  const Status status = Gemm::create(guarded.config, rhs.const_matrix(), gemm);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(gemm.isa(), isa);
  return gemm;
}

Cells run_rows(const Gemm& gemm, const GemmProblem& problem, std::int64_t first_row,
               std::int64_t rows, Placement placement, Executor* executor) {
  const GuardedTensor lhs = guarded_lhs(problem, first_row, rows, placement);
  const GuardedTensor out =
      guarded_matrix(problem.epilogue.type, rows, problem.n, problem.out_gap, placement);
  out.seal_output();
  const GuardedScratch scratch(gemm.scratch_bytes(rows, threads_of(executor)), placement);
  const GuardedTensor residual = guarded_residual(problem, first_row, rows, placement);
  const Status status = gemm.run(lhs.const_matrix(), out.matrix(), {scratch.bytes(), executor},
                                 view_of(residual, problem));
  return finish(status, out);
}

Cells run_packed(const GemmProblem& problem, std::string_view isa, Placement placement,
                 Executor* executor) {
  const Gemm gemm = make_gemm(problem, isa, placement);
  return run_rows(gemm, problem, 0, problem.m, placement, executor);
}

Cells run_one_shot(const GemmProblem& problem, std::string_view isa, Placement placement,
                   Executor* executor) {
  const GuardedConfig guarded(problem, isa, placement);
  const GuardedTensor rhs = guarded_rhs(problem, placement);
  const GuardedTensor lhs = guarded_lhs(problem, 0, problem.m, placement);
  const GuardedTensor out =
      guarded_matrix(problem.epilogue.type, problem.m, problem.n, problem.out_gap, placement);
  out.seal_output();
  const GuardedScratch scratch(
      gemm_scratch_bytes(guarded.config, problem.m, problem.n, problem.k, threads_of(executor)),
      placement);
  const GuardedTensor residual = guarded_residual(problem, 0, problem.m, placement);
  const Status status = gemm(guarded.config, lhs.const_matrix(), rhs.const_matrix(), out.matrix(),
                             {scratch.bytes(), executor}, view_of(residual, problem));
  return finish(status, out);
}

void expect_exact(const GemmProblem& problem, std::string_view isa) {
  const CaseScope scope(std::string(isa) + ": " + describe(problem));
  const Cells expected = reference_gemm(problem);
  const DataType type = problem.epilogue.type;
  for (Placement placement : kPlacements) {
    expect_equal_cells(run_packed(problem, isa, placement), expected, problem.n, type, "Gemm::run");
    expect_equal_cells(run_one_shot(problem, isa, placement), expected, problem.n, type, "gemm()");
  }
}

}  // namespace octet::test
