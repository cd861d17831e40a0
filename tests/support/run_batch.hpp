/// Batched GEMMs: random ones, what they must compute, and the library's result.
#pragma once

#include <string_view>
#include <vector>

#include "support/guarded_buffer.hpp"
#include "support/random_problems.hpp"
#include "support/reference.hpp"

namespace octet::test {

/// How the matrices of an operand lie in memory.
enum class BatchLayout : std::uint8_t {
  kShared,      ///< One for all.
  kOneByOne,    ///< With `gap` elements between them.
  kSideBySide,  ///< Row i of all of them, then row i + 1: [rows, count, columns].
};

struct BatchLayouts {
  BatchLayout lhs, rhs, out;
  BatchLayout residual = BatchLayout::kOneByOne;
};

struct BatchProblem {
  std::vector<GemmProblem> matrices;  ///< Of one shape and config; the first one's gaps count.
  BatchLayouts layouts;
  std::int64_t gap = 0;     ///< Elements between matrices, and between rows side by side.
  bool scale_each = false;  ///< The scales of the matrices differ.
};

BatchLayouts random_layouts(Random& random);

/// Everything but the layouts, the count, the shape and the types at random.
BatchProblem random_batch(Random& random, BatchLayouts layouts, std::int64_t count, std::int64_t m,
                          std::int64_t n, std::int64_t k, Types types);

Cells reference_batch(const BatchProblem& problem);  ///< [count, m, n]
std::string describe(const BatchProblem& problem);

/// `batched_gemm`, with a guard page around everything it may touch.
Cells run_batch(const BatchProblem& problem, std::string_view isa, Placement placement,
                Executor* executor = nullptr);

}  // namespace octet::test
