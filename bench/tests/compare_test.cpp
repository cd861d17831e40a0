// The judge itself: it sees every fault that is put into a result, and whose fault it is.
#include "compare.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace octet::bench {
namespace {

const GemmShape kGemm = {"gemm", 13, 37, 29};
const ConvShape kConv = {{.name = "conv",
                          .batch = 2,
                          .height = 6,
                          .width = 7,
                          .in_channels = 4,
                          .out_channels = 6,
                          .kernel_h = 3,
                          .kernel_w = 2,
                          .stride_h = 2,
                          .stride_w = 1,
                          .pad_h = 2,
                          .pad_w = 1,
                          .groups = 2},
                         /*dilation_h=*/1,
                         /*dilation_w=*/2};

Buffer octet_result(const Problem& problem) {
  Buffer out(problem.out_bytes(problem.rows()));
  problem.octet("scalar", problem.rows(), nullptr)->run(out.data());
  return out;
}

std::byte plus(std::byte value, int difference) {
  return static_cast<std::byte>(static_cast<int>(value) + difference);
}

TEST(Compare, ExactSumsAgreeWithTheScalarKernelInEveryConfiguration) {
  for (const Config& config : configs()) {
    for (const auto& problem : {make_problem(kGemm, config), make_problem(kConv, config)}) {
      const Buffer out = octet_result(*problem);
      const Comparison result = compare(*problem, problem->rows(), out.data(), nullptr);
      EXPECT_EQ(result.judged, problem->rows() * problem->columns()) << config.name;
      EXPECT_EQ(result.octet_wrong, 0) << config.name << ": " << result.first_wrong;
    }
  }
}

TEST(Compare, EqualResultsNeedNoJudgement) {
  const auto problem = make_problem(kGemm, *find_config("u8s8_s8"));
  const Buffer out = octet_result(*problem);
  const Comparison result = compare(*problem, problem->rows(), out.data(), out.data());
  EXPECT_EQ(result.compared, 13 * 37);
  EXPECT_EQ(result.apart, 0);
}

TEST(Compare, AWrongByteIsBlamedOnItsSide) {
  for (const char* name : {"u8s8_s32", "u8s8_s8", "s8s8_u8_any", "u8s8_f32"}) {
    const auto problem = make_problem(kGemm, *find_config(name));
    const Buffer right = octet_result(*problem);
    Buffer wrong = right;
    wrong[static_cast<std::size_t>(100 * size_of(problem->config().out))] ^= std::byte{2};

    const Comparison ours = compare(*problem, problem->rows(), wrong.data(), right.data());
    EXPECT_EQ(ours.octet_wrong, 1) << name;
    EXPECT_NE(ours.first_wrong.find("row 2, column 26"), std::string::npos) << ours.first_wrong;
    EXPECT_EQ(ours.onednn_wrong, 0) << name;

    const Comparison theirs = compare(*problem, problem->rows(), right.data(), wrong.data());
    EXPECT_EQ(theirs.octet_wrong, 0) << name;
    EXPECT_EQ(theirs.onednn_wrong, 1) << name;
  }
}

TEST(Compare, OneOffIsForgivenNextToATieAlone) {
  const auto problem = make_problem(GemmShape{"outer", 512, 512, 1}, *find_config("u8s8_s8_any"));
  const Buffer right = octet_result(*problem);
  std::int64_t ties = 0;
  for (std::int64_t i = 0; i < problem->rows() * problem->columns(); ++i) {
    const std::int64_t row = i / problem->columns(), column = i % problem->columns();
    const auto at = static_cast<std::size_t>(i);
    const bool is_tie = problem->is_near_tie(problem->exact_sum(row, column), column);
    if (!is_tie && i % 997 != 0) continue;
    Buffer other = right;
    other[at] = plus(other[at], right[at] == std::byte{127} ? -1 : 1);
    const Comparison result = compare(*problem, problem->rows(), right.data(), other.data());
    EXPECT_EQ(result.ties, is_tie) << i;
    EXPECT_EQ(result.onednn_wrong, !is_tie) << i;
    EXPECT_EQ(result.octet_wrong, 0) << i;
    EXPECT_EQ(count_apart(*problem, problem->rows(), right.data(), other.data()), 0);
    ties += is_tie;
  }
  EXPECT_GT(ties, 0) << "no output of this problem is near a tie: nothing was tested";
}

}  // namespace
}  // namespace octet::bench
