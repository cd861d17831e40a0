// Sizes around every multiple of the register tile and of the group of 4 values of k.
#include <algorithm>

#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmTileEdges : public OnEveryIsa {
 protected:
  std::int64_t mr() const { return info().tile_rows; }
  std::int64_t nr() const { return info().tile_columns; }

  /// One problem of this size, with the next combination of types.
  void check(std::int64_t m, std::int64_t n, std::int64_t k) {
    expect_exact(random_gemm(random_, m, n, k, type_combination(next_++)), isa());
  }

 private:
  Random random_{first_seed()};
  std::int64_t next_ = 0;
};

TEST_P(GemmTileEdges, EqualsReferenceAroundEveryTileEdge) {
  for (std::int64_t m : around({1, mr(), 2 * mr()})) {
    for (std::int64_t n : around({1, nr() / 4, nr() / 2, nr() * 3 / 4, nr(), 2 * nr()})) {
      for (std::int64_t k : around({1, 4, 8, 64})) check(m, n, k);
    }
  }
}

TEST_P(GemmTileEdges, EqualsReferenceForEveryRowCount) {
  for (std::int64_t m = 1; m <= 3 * mr() + 1; ++m) {
    for (std::int64_t n : around({2, nr()})) {
      for (std::int64_t k : {3, 16, 37}) check(m, n, k);
    }
  }
}

// Weights without a zero point and 8-bit outputs: what tiles of two halves take.
TEST_P(GemmTileEdges, EqualsReferenceForEveryRowCountOfPlainEpilogues) {
  Random random(first_seed());
  std::int64_t next = 0;
  for (std::int64_t m = 1; m <= 3 * mr() + 1; ++m) {
    for (std::int64_t n : {nr() / 2, nr() / 2 - 3, nr() * 3 / 4, nr() - 1, nr(), 2 * nr() + 1}) {
      for (std::int64_t k : {23, 24, 37, 64, 66, 515}) {
        const DataType lhs = next % 2 == 0 ? DataType::kU8 : DataType::kS8;
        const DataType out = next / 2 % 2 == 0 ? DataType::kU8 : DataType::kS8;
        GemmProblem problem = random_gemm(random, m, n, k, {lhs, DataType::kS8, out});
        problem.rhs_zero_point.clear();
        ++next;
        expect_exact(problem, isa());
      }
    }
  }
}

// A panel of one vector has tiles of its own.
TEST_P(GemmTileEdges, EqualsReferenceForEveryRowCountOfNarrowOutputs) {
  Random random(first_seed());
  for (std::int64_t m = 1; m <= 38; ++m) {
    for (std::int64_t n : {nr() / 4, std::max<std::int64_t>(nr() / 4 - 3, 1), (nr() + 7) / 8}) {
      for (std::int64_t k : {1, 3, 4, 5, 7, 8, 12, 15, 16, 24, 30, 64, 101}) {
        const DataType lhs = (m + k) % 2 == 0 ? DataType::kU8 : DataType::kS8;
        GemmProblem problem = random_gemm(random, m, n, k, {lhs, DataType::kS8, DataType::kS8});
        if (k % 3 != 0) problem.rhs_zero_point.clear();
        expect_exact(problem, isa());
      }
    }
  }
}

TEST_P(GemmTileEdges, EqualsReferenceForEveryColumnCount) {
  for (std::int64_t n = 1; n <= 2 * nr() + 1; ++n) {
    for (std::int64_t m : {std::int64_t{1}, mr(), mr() + 1}) check(m, n, 13);
  }
}

TEST_P(GemmTileEdges, EqualsReferenceForEveryDepth) {
  for (std::int64_t k = 1; k <= 130; ++k) {
    for (std::int64_t m : {std::int64_t{1}, mr() + 1}) check(m, nr() / 2 + 1, k);
  }
}

TEST_P(GemmTileEdges, EqualsReferenceAcrossCacheBlocks) {
  for (std::int64_t k : {513, 2048, 4099}) check(2 * mr() + 1, nr() + 5, k);
  check(131, 9, 65);
  check(3, 1031, 66);
  check(150, 260, 301);
  check(600, 5, 9);
}

TEST_P(GemmTileEdges, EqualsReferenceForFewColumnsOfLongRows) {
  for (std::int64_t n = 1; n <= 17; ++n) {
    for (std::int64_t k : around({32, 64, 128, 320, 1024})) check(1 + (n + k) % 9, n, k);
  }
  for (std::int64_t m = 1; m <= 50; ++m) check(m, 1 + m % 5, 700 + m);
}

TEST_P(GemmTileEdges, EqualsReferenceWhereStagedRowsOutgrowTheCache) {
  check(140, nr() / 2 + 1, 8001);  // two blocks
  check(67, nr() + 1, 17001);      // panels too long to be kept widened
}

OCTET_ON_EVERY_ISA(GemmTileEdges);

}  // namespace
}  // namespace octet::test
