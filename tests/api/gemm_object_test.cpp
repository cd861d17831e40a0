// Gemm objects from creation to the end, and the scratch that they and gemm() need.
#include <limits>
#include <utility>
#include <vector>

#include "api/gemm_call.hpp"
#include "api/refusals.hpp"

namespace octet::test {
namespace {

using Call = GemmCall;

TEST(GemmObject, TooLittleScratchIsRefused) {
  for (int threads : {1, 4}) {
    const Call call;
    const std::size_t needed = gemm_scratch_bytes(call.config, 2, 5, 3, threads);
    if (needed == 0) continue;
    std::vector<std::byte> scratch(needed - 1);
    if (threads == 1) {
      expect_refused(gemm(call.config, call.lhs, call.rhs, call.out, {scratch}), "scratch");
      expect_refused(gemm(call.config, call.lhs, call.rhs, call.out, {}), "scratch");
    }
  }
  const Call call;
  Gemm gemm;
  ASSERT_TRUE(call.create(gemm).ok());
  if (const std::size_t needed = gemm.scratch_bytes(2); needed > 0) {
    std::vector<std::byte> scratch(needed - 1);
    expect_refused(gemm.run(call.lhs, call.out, {scratch}), "scratch");
  }
}

TEST(GemmObject, ScratchOfInvalidSizesIsZero) {
  const GemmConfig config;
  EXPECT_EQ(gemm_scratch_bytes(config, -1, 1, 1), 0u);
  EXPECT_EQ(gemm_scratch_bytes(config, 1, 0, 1), 0u);
  EXPECT_EQ(gemm_scratch_bytes(config, 1, 1, -7), 0u);
  EXPECT_EQ(gemm_scratch_bytes(config, 1, INT64_MAX, INT64_MAX), 0u);
  EXPECT_EQ(gemm_scratch_bytes(config, 1, 1, INT64_MAX), 0u);
  EXPECT_GT(gemm_scratch_bytes(config, INT64_MAX, 5, 3), 0u);  // depends on m only through tasks
  EXPECT_EQ(gemm_scratch_bytes(config, 7, 5, 3, -2), gemm_scratch_bytes(config, 7, 5, 3, 1));
  EXPECT_EQ(gemm_scratch_bytes({.max_isa = "abacus"}, 1, 1, 1), 0u);
}

TEST(GemmObject, UnknownIsasAreRefused) {
  Call call;
  call.config.max_isa = "abacus";
  expect_refused(call.create_and_run(), "abacus", StatusCode::kUnsupported);
  expect_refused(call.one_shot(), "abacus", StatusCode::kUnsupported);
}

TEST(GemmObject, AnEmptyObjectRefusesToRun) {
  const Call call;
  Gemm gemm;
  EXPECT_EQ(gemm.run(call.lhs, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(gemm.isa(), "");
  EXPECT_EQ(gemm.packed_bytes(), 0u);
  EXPECT_EQ(gemm.scratch_bytes(5), 0u);

  ASSERT_TRUE(call.create(gemm).ok());
  EXPECT_GE(gemm.packed_bytes(), 15u);
  Gemm other = std::move(gemm);
  EXPECT_EQ(gemm.run(call.lhs, call.out).code(), StatusCode::kInvalidArgument);
  Workspace workspace;
  EXPECT_TRUE(other.run(call.lhs, call.out, {workspace.reserve(other.scratch_bytes(2))}).ok());
}

TEST(GemmObject, AFailedCreateLeavesTheObjectAsItWas) {
  Call call;
  Gemm gemm;
  ASSERT_TRUE(call.create(gemm).ok());
  call.scale[1] = std::numeric_limits<float>::quiet_NaN();
  expect_refused(call.create(gemm), "epilogue.scale[1]");
  Workspace workspace;
  EXPECT_TRUE(gemm.run(call.lhs, call.out, {workspace.reserve(gemm.scratch_bytes(2))}).ok());
  EXPECT_TRUE(call.result_is(3));
}

TEST(GemmObject, NoRowsAreNoError) {
  Call call;
  call.lhs = const_matrix<std::uint8_t>(nullptr, 0, 3);
  call.out = matrix<std::uint8_t>(nullptr, 0, 5);
  EXPECT_TRUE(call.create_and_run().ok());
  EXPECT_TRUE(call.one_shot().ok());
}

}  // namespace
}  // namespace octet::test
