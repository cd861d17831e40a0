// Random problems: sizes, types, zero points, epilogue, strides, everything at once.
#include <gtest/gtest.h>

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
  random_sweep(1500, [&](Random& random) {
    const std::int64_t m = random_size(random, 90), n = random_size(random, 200);
    const std::int64_t k = random_size(random, 400);
    GemmProblem problem = random_gemm(random, m, n, k, type_combination(random.integer(0, 15)));
    if (random.chance(40)) problem.lhs_gap = random.integer(0, 70);
    if (random.chance(40)) problem.rhs_gap = random.integer(0, 70);
    if (random.chance(40)) problem.out_gap = random.integer(0, 70);
    expect_exact(problem, isa());
  });
}

OCTET_ON_EVERY_ISA(GemmRandom);

}  // namespace
}  // namespace octet::test
