// Residual and table fused into GEMM, packed, one-shot and batched.
#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"
#include "support/run_batch.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

/// What is fused: a residual, a table, both.
struct Fused {
  bool residual, table;
};
constexpr Fused kFused[] = {{true, false}, {false, true}, {true, true}};

class FusedGemm : public OnEveryIsa {
 protected:
  GemmProblem fused_gemm(std::int64_t m, std::int64_t n, std::int64_t k, Types types, Fused fused) {
    GemmProblem problem = random_gemm(random_, m, n, k, types);
    add_fused(random_, problem, fused.residual, fused.table);
    problem.out_gap = random_.integer(0, 1) * random_.integer(0, 70);
    problem.residual_gap = random_.integer(0, 1) * random_.integer(0, 70);
    return problem;
  }
  Types random_types() { return type_combination(random_.integer(0, kTypeCombinations - 1)); }

  Random random_{first_seed()};
};

TEST_P(FusedGemm, EqualsReferenceForEveryCombination) {
  for (int t = 0; t < kTypeCombinations; ++t) {
    for (const Fused& fused : kFused) {
      for (int i = 0; i < 3; ++i) {
        GemmProblem problem = fused_gemm(7, 35, 21, type_combination(t), fused);
        if (i == 1) problem.rhs_zero_point = random_values(random_, problem.rhs_type, problem.n);
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(FusedGemm, EqualsReferenceForEveryNumberOfColumns) {
  for (std::int64_t n = 1; n <= 130; ++n)
    expect_exact(fused_gemm(random_.integer(1, 7), n, random_.integer(1, 40), random_types(),
                            random_.pick(kFused)),
                 isa());
}

/// Of few k-groups, which finish their own sums, and of many.
TEST_P(FusedGemm, EqualsReferenceInTallTiles) {
  for (std::int64_t n : {9, 16, 24, 32, 40, 48, 60, 64}) {
    for (std::int64_t k : {5, 64, 300}) {
      for (DataType lhs : k8BitTypes) {
        for (DataType out : {DataType::kU8, DataType::kS8, DataType::kF32}) {
          GemmProblem problem = fused_gemm(41, n, k, {lhs, DataType::kS8, out}, {true, false});
          if (random_.chance(30))
            problem.rhs_zero_point = random_values(random_, problem.rhs_type, problem.n);
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(FusedGemm, EqualsReferenceAroundEveryBlock) {
  for (std::int64_t m : around({info().tile_rows, 252, 300}))
    for (const Fused& fused : kFused)
      expect_exact(fused_gemm(m, 70, random_.integer(1, 90), random_types(), fused), isa());
}

/// Tiles that take the sums of their predecessors, and weights kept along k.
TEST_P(FusedGemm, EqualsReferenceForLongK) {
  for (const Fused& fused : kFused) {
    expect_exact(fused_gemm(50, 70, 700, random_types(), fused), isa());
    for (std::int64_t n : {1, 2, 3, 4, 7, 15})
      expect_exact(fused_gemm(55, n, 1031, random_types(), fused), isa());
  }
}

TEST_P(FusedGemm, BatchesEqualReferenceInEveryLayout) {
  constexpr BatchLayout kLayouts[] = {BatchLayout::kShared, BatchLayout::kOneByOne,
                                      BatchLayout::kSideBySide};
  for (int i = 0; i < sweep_count(60); ++i) {
    BatchLayouts layouts = random_layouts(random_);
    layouts.residual = random_.pick(kLayouts);
    const Fused fused = random_.pick(kFused);
    BatchProblem problem =
        random_batch(random_, layouts, random_.integer(1, 5), random_.integer(1, 20),
                     random_.integer(1, 80), random_.integer(1, 60), random_types());
    GemmProblem& first = problem.matrices[0];
    add_fused(random_, first, fused.residual, fused.table);
    first.residual_gap = random_.integer(0, 30);
    for (GemmProblem& matrix : problem.matrices) {
      matrix.epilogue.residual = first.epilogue.residual;
      matrix.epilogue.table = first.epilogue.table;
      matrix.residual = first.residual;
      if (layouts.residual != BatchLayout::kShared && first.epilogue.residual)
        matrix.residual = random_values(random_, first.epilogue.residual->type, first.m * first.n);
    }
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_batch(problem);
    for (Placement placement : kPlacements)
      expect_equal_cells(run_batch(problem, isa(), placement), expected, first.n,
                         first.epilogue.type, "batched_gemm");
  }
}

/// The largest sums and residuals, and scales that take them out of float32.
TEST_P(FusedGemm, ExtremeScalesSaturate) {
  for (DataType type : {DataType::kU8, DataType::kS8, DataType::kF32}) {
    for (float scale : {1e-30f, 1.0f, 3e38f}) {
      for (float residual_scale : {1e-40f, 1e-30f, 1.0f, 1e36f}) {
        for (const auto& [m, k] : {std::pair{3, 9}, std::pair{24, 9}, std::pair{24, 200}}) {
          GemmProblem problem =
              fused_gemm(m, 101, k, {DataType::kU8, DataType::kS8, type}, {true, false});
          problem.epilogue.scale = {scale};
          problem.epilogue.residual->scale = residual_scale;
          expect_exact(problem, isa());
        }
      }
    }
  }
}

TEST_P(FusedGemm, TheResidualMayBeTheOutput) {
  for (const Fused& fused : {kFused[0], kFused[2]}) {
    for (const auto& [n, k] : {std::pair{5, 33}, std::pair{24, 33}, std::pair{64, 33},
                               std::pair{100, 33}, std::pair{100, 300}}) {
      GemmProblem problem =
          fused_gemm(101, n, k, {DataType::kU8, DataType::kS8, DataType::kU8}, fused);
      problem.epilogue.residual->type = DataType::kU8;
      problem.epilogue.residual->zero_point = 3;
      problem.residual = random_values(random_, DataType::kU8, problem.m * problem.n);
      const Gemm gemm = make_gemm(problem, isa(), Placement::kEndsAtGuard);
      const std::vector<std::uint8_t> lhs(problem.lhs.begin(), problem.lhs.end());
      std::vector<std::uint8_t> out(problem.residual.begin(), problem.residual.end());
      Workspace workspace;
      const Status status =
          gemm.run(const_matrix(lhs.data(), problem.m, problem.k), matrix(out.data(), problem.m, n),
                   {workspace.reserve(gemm.scratch_bytes(problem.m))},
                   const_matrix(out.data(), problem.m, n));
      EXPECT_TRUE(status.ok()) << status.message();
      expect_equal_cells(Cells(out.begin(), out.end()), reference_gemm(problem), n, DataType::kU8,
                         "in place");
    }
  }
}

OCTET_ON_EVERY_ISA(FusedGemm);

}  // namespace
}  // namespace octet::test
