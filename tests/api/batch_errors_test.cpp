// What `batched_gemm` must refuse beyond what `gemm` does.
#include <array>
#include <limits>

#include "api/gemm_call.hpp"
#include "api/refusals.hpp"

namespace octet::test {
namespace {

/// Two matrices, one after the other.
struct BatchCall : GemmCall {
  BatchCall() {
    lhs_data.resize(12, 1);
    rhs_data.resize(30, 1);
    lhs.data = lhs_data.data();
    rhs.data = rhs_data.data();
  }
  std::array<float, 3> matrix_scale = {1, 1, 1};
  GemmBatch batch = {.count = 2, .lhs_stride = 6, .rhs_stride = 15, .out_stride = 10};

  void scale_each(std::size_t count) {
    config.epilogue.scale = {};
    batch.scale = std::span(matrix_scale).first(count);
  }
  Status run() const {
    Workspace workspace;
    return batched_gemm(config, batch, lhs, rhs, out,
                        {workspace.reserve(batched_gemm_scratch_bytes(config, batch, 2, 5, 3))},
                        residual);
  }
};
using Break = BreakOf<BatchCall>;

TEST(BatchErrors, TheUnbrokenCallIsValid) {
  BatchCall call;
  EXPECT_TRUE(call.run().ok()) << call.run().message();
  EXPECT_EQ(std::ranges::count(std::span(call.out_data).first(20), 3), 20);
  call.scale_each(2);
  EXPECT_TRUE(call.run().ok());
}

TEST(BatchErrors, AnEmptyBatchDoesNothing) {
  BatchCall call;
  call.batch.count = 0;
  EXPECT_TRUE(call.run().ok());
  EXPECT_TRUE(call.out_data == GemmCall().out_data);
}

TEST(BatchErrors, MatricesMayLieSideBySide) {
  BatchCall call;
  call.batch.out_stride = 5;
  call.out.row_stride = 10;
  EXPECT_TRUE(call.run().ok());
}

TEST(BatchErrors, AreRefused) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const Break breaks[] = {
      {"lhs.data", [](BatchCall& c) { c.lhs.data = nullptr; }},
      {"rhs.columns", [](BatchCall& c) { c.rhs.columns = 0; }},
      {"epilogue.scale", [](BatchCall& c) { c.config.epilogue.scale = {}; }},
      {"batch.count", [](BatchCall& c) { c.batch.count = -1; }},
      {"batch.count", [](BatchCall& c) { c.batch.count = INT64_MAX; }},
      {"batch.lhs_stride", [](BatchCall& c) { c.batch.lhs_stride = -1; }},
      {"batch.rhs_stride", [](BatchCall& c) { c.batch.rhs_stride = -15; }},
      {"batch.out_stride", [](BatchCall& c) { c.batch.out_stride = -10; }},
      {"batch.lhs_stride",
       [](BatchCall& c) {
         c.batch.count = 3;
         c.batch.lhs_stride = kHuge;
       }},
      {"batch.rhs_stride",
       [](BatchCall& c) {
         c.batch.count = 3;
         c.batch.rhs_stride = kHuge;
       }},
      {"batch.out_stride",
       [](BatchCall& c) {
         c.batch.count = 3;
         c.batch.out_stride = kHuge;
       }},
      // Outputs that share elements.
      {"batch.out_stride", [](BatchCall& c) { c.batch.out_stride = 0; }},
      {"batch.out_stride", [](BatchCall& c) { c.batch.out_stride = 9; }},
      {"batch.out_stride",
       [](BatchCall& c) {
         c.batch.out_stride = 4;
         c.out.row_stride = 10;
       }},
      {"batch.out_stride",
       [](BatchCall& c) {
         c.batch.out_stride = 5;
         c.out.row_stride = 9;
       }},
      {"batch.scale", [](BatchCall& c) { c.scale_each(1); }},
      {"batch.scale", [](BatchCall& c) { c.scale_each(3); }},
      {"batch.scale[1]",
       [](BatchCall& c) {
         c.matrix_scale[1] = 0;
         c.scale_each(2);
       }},
      {"batch.scale[0]",
       [](BatchCall& c) {
         c.matrix_scale[0] = std::numeric_limits<float>::infinity();
         c.scale_each(2);
       }},
      {"epilogue.scale",
       [](BatchCall& c) {
         c.scale_each(2);
         c.config.epilogue.scale = c.scale;
       }},
      {"epilogue.scale",
       [](BatchCall& c) {
         c.scale_each(2);
         c.config.epilogue.type = c.out.type = DataType::kS32;
       }},
  };
  for (const Break& each : breaks) {
    BatchCall call;
    each.apply(call);
    expect_refused(call.run(), each.argument);
    EXPECT_TRUE(call.out_data == GemmCall().out_data) << each.argument << ": a refused call wrote";
  }
}

TEST(BatchErrors, ResidualsOutOfReachAreRefused) {
  BatchCall call;
  call.fuse();
  EXPECT_TRUE(call.run().ok());  // one for both
  for (std::int64_t stride : {std::int64_t{-1}, INT64_MAX}) {
    call.batch.residual_stride = stride;
    expect_refused(call.run(), "batch.residual_stride");
  }
}

TEST(BatchErrors, TooLittleScratchIsRefused) {
  BatchCall call;
  std::vector<std::byte> scratch(batched_gemm_scratch_bytes(call.config, call.batch, 2, 5, 3) - 1);
  expect_refused(batched_gemm(call.config, call.batch, call.lhs, call.rhs, call.out, {scratch}),
                 "resources.scratch");
  EXPECT_EQ(batched_gemm_scratch_bytes(call.config, {.count = -1}, 2, 5, 3), 0u);
  EXPECT_EQ(batched_gemm_scratch_bytes(call.config, {.count = INT64_MAX}, 2, 5, 3), 0u);
}

}  // namespace
}  // namespace octet::test
