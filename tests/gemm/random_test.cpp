// Random problems: sizes, types, zero points, epilogue, strides, everything at once.
#include <gtest/gtest.h>

#include <iostream>

#include "support/every_isa.hpp"
#include "support/random_problems.hpp"
#include "support/run_gemm.hpp"

namespace octet::test {
namespace {

class GemmRandom : public OnEveryIsa {};

/// Mostly small, sometimes up to `limit`.
std::int64_t random_size(Random& random, std::int64_t limit) {
  return random.integer(1, random.chance(70) ? 24 : limit);
}

TEST_P(GemmRandom, EqualsReference) {
  const std::uint64_t seed = first_seed();
  const int count = sweep_count(1500);
  std::cout << "seeds " << seed << " to " << seed + static_cast<std::uint64_t>(count) - 1 << '\n';
  for (int i = 0; i < count && !HasFailure(); ++i) {
    const std::uint64_t case_seed = seed + static_cast<std::uint64_t>(i);
    const CaseScope scope("OCTET_TEST_SEED=" + std::to_string(case_seed));
    Random random(case_seed);
    const std::int64_t m = random_size(random, 90), n = random_size(random, 200);
    const std::int64_t k = random_size(random, 400);
    GemmProblem problem = random_gemm(random, m, n, k, type_combination(random.integer(0, 15)));
    if (random.chance(40)) problem.lhs_gap = random.integer(0, 70);
    if (random.chance(40)) problem.rhs_gap = random.integer(0, 70);
    if (random.chance(40)) problem.out_gap = random.integer(0, 70);
    expect_exact(problem, isa());
  }
}

OCTET_ON_EVERY_ISA(GemmRandom);

}  // namespace
}  // namespace octet::test
