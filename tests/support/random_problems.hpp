/// Random problems: every field drawn from its whole range, scales such that outputs spread over
/// theirs.
#pragma once

#include <cstdint>

#include "support/random.hpp"
#include "support/reference.hpp"

namespace octet::test {

inline constexpr DataType k8BitTypes[] = {DataType::kU8, DataType::kS8};
inline constexpr DataType kOutTypes[] = {DataType::kS32, DataType::kU8, DataType::kS8,
                                         DataType::kF32};

/// The element types of a problem: all combinations of lhs, rhs and out are valid.
struct Types {
  DataType lhs, rhs, out;
};
inline constexpr int kTypeCombinations = 16;
constexpr Types type_combination(std::int64_t i) {
  return {k8BitTypes[i % 2], k8BitTypes[i / 2 % 2], kOutTypes[i / 4 % 4]};
}

/// Inside the type's range, its ends often.
std::int32_t random_zero_point(Random& random, DataType type);

/// For sums of `terms` products, in `columns` columns.
OwnedEpilogue random_epilogue(Random& random, DataType type, std::int64_t columns,
                              std::int64_t terms);

/// [columns], [1] or empty.
std::vector<std::int32_t> random_zero_points(Random& random, DataType type, std::int64_t columns);

/// The operands of a GEMM whose sizes and types are set.
void fill_operands(Random& random, GemmProblem& problem, Values lhs = Values::kAny,
                   Values rhs = Values::kAny);

/// Everything but the sizes and types at random. Rows lie back to back.
GemmProblem random_gemm(Random& random, std::int64_t m, std::int64_t n, std::int64_t k,
                        Types types);

/// The operands of a convolution or a transposed one whose sizes and types are set.
template <class Config>
void fill_operands(Random& random, ImageProblem<Config>& problem, Values in = Values::kAny,
                   Values weights = Values::kAny);

/// Types, zero points, epilogue, weights layout and operands, where the sizes are set.
template <class Config>
void randomize(Random& random, ImageProblem<Config>& problem);

/// A residual, a table, or both, for outputs other than s32, and the residual's values. Before,
/// there is neither.
void add_fused(Random& random, OwnedEpilogue& epilogue, bool residual, bool table);
void add_fused(Random& random, GemmProblem& problem, bool residual, bool table);
template <class Config>
void add_fused(Random& random, ImageProblem<Config>& problem, bool residual, bool table);

/// A randomized convolution of each form that an implementation might treat on its own: pointwise,
/// few, many and odd channels, grouped, depthwise with and without a multiplier; strides 1 and 2.
std::vector<ConvolutionProblem> convolutions_of_every_form(Random& random, std::int64_t batch,
                                                           std::int64_t height, std::int64_t width);

/// A randomized problem for each kernel that networks use and each kind of channels that an
/// implementation might treat on its own: many, few, odd, grouped, depthwise.
std::vector<TransposedProblem> transposed_of_every_form(Random& random, std::int64_t batch,
                                                        std::int64_t height, std::int64_t width);

}  // namespace octet::test
