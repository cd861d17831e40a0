// Every call that Convolution3d must refuse, by breaking one thing in a valid call. What it shares
// with Convolution is tested there.
#include <algorithm>
#include <utility>
#include <vector>

#include "api/refusals.hpp"

namespace octet::test {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

/// A valid 3x3x3 convolution of [2, 4, 5, 6, 4] to 6 channels, and all it refers to.
struct Call {
  std::vector<std::uint8_t> in_data = std::vector<std::uint8_t>(2 * 4 * 5 * 6 * 4, 1);
  std::vector<std::int8_t> weights_data = std::vector<std::int8_t>(6 * 27 * 4, 1);
  std::vector<std::int32_t> out_data = std::vector<std::int32_t>(2 * 2 * 3 * 4 * 6, -1);
  Convolution3dConfig config = {
      .plane = {.in_channels = 4, .out_channels = 6, .kernel_h = 3, .kernel_w = 3}, .kernel_d = 3};
  const void* weights = weights_data.data();
  ConstVolumes in = const_volumes(in_data.data(), 2, 4, 5, 6, 4);
  Volumes out = volumes(out_data.data(), 2, 2, 3, 4, 6);
  std::vector<std::uint8_t> residual_data = std::vector<std::uint8_t>(2 * 2 * 3 * 4 * 6, 1);
  ConstVolumes residual = {};

  Call() = default;
  Call(const Call&) = delete;

  Status create(Convolution3d& convolution) const {
    return Convolution3d::create(config, weights, convolution);
  }
  Status create_and_run() const {
    Convolution3d convolution;
    if (Status status = create(convolution); !status.ok()) return status;
    Workspace workspace;
    return convolution.run(in, out, {workspace.reserve(convolution.scratch_bytes(2, 4, 5, 6))},
                           residual);
  }
};

TEST(Convolution3dErrors, TheUnbrokenCallIsValid) {
  const Call call;
  EXPECT_TRUE(call.create_and_run().ok());
  EXPECT_EQ(std::ranges::count(call.out_data, 27 * 4), 2 * 2 * 3 * 4 * 6);
}

TEST(Convolution3dErrors, SizesOutOfRangeAreRefused) {
  using Config = Convolution3dConfig;
  const std::vector<SizeOf<Config>> sizes = {{"kernel_d", &Config::kernel_d, 1},
                                             {"stride_d", &Config::stride_d, 1},
                                             {"dilation_d", &Config::dilation_d, 1},
                                             {"pad_front", &Config::pad_front, 0},
                                             {"pad_back", &Config::pad_back, 0}};
  expect_sizes_refused<Call>(sizes, [](Call& c) -> auto& { return c.config; });
  expect_all_refused<Call>({{"the size of the weights",
                             [](Call& c) {
                               c.config.kernel_d = c.config.plane.out_channels = INT32_MAX;
                               c.config.plane.kernel_h = 1000;
                             }},
                            {"stride_h", [](Call& c) { c.config.plane.stride_h = 0; }},
                            {"weights", [](Call& c) { c.weights = nullptr; }}});
}

TEST(Convolution3dErrors, VolumesThatDoNotFitAreRefused) {
  expect_all_refused<Call>({
      {"in.data", [](Call& c) { c.in.data = nullptr; }},
      {"out.data", [](Call& c) { c.out.data = nullptr; }},
      {"in.type", [](Call& c) { c.in.type = DataType::kS8; }},
      {"out.type", [](Call& c) { c.out.type = DataType::kU8; }},
      {"in.batch", [](Call& c) { c.in.batch = -1; }},
      {"in.depth", [](Call& c) { c.in.depth = 0; }},
      {"in.depth", [](Call& c) { c.in.depth = 2; }},  // smaller than the kernel
      {"in.height", [](Call& c) { c.in.height = 2; }},
      {"in.width", [](Call& c) { c.in.width = 0; }},
      {"in.channels", [](Call& c) { c.in.channels = 3; }},
      {"out.batch", [](Call& c) { c.out.batch = 1; }},
      {"out.depth", [](Call& c) { c.out.depth = 1; }},
      {"out.height", [](Call& c) { c.out.height = 2; }},
      {"out.width", [](Call& c) { c.out.width = 3; }},
      {"out.channels", [](Call& c) { c.out.channels = 5; }},
      {"in.pixel_stride", [](Call& c) { c.in.pixel_stride = 3; }},
      {"in.row_stride", [](Call& c) { c.in.row_stride = 5 * 4 + 3; }},
      {"in.plane_stride", [](Call& c) { c.in.plane_stride = 4 * 24 + 23; }},
      {"in.volume_stride", [](Call& c) { c.in.volume_stride = 3 * 120 + 119; }},
      {"out.plane_stride", [](Call& c) { c.out.plane_stride = INT64_MIN; }},
      {"in", [](Call& c) { c.in.plane_stride = kHuge; }},
      {"in", [](Call& c) { c.in.depth = INT64_MAX; }},
      {"out", [](Call& c) { c.out.volume_stride = c.out.plane_stride = kHuge; }},
  });
}

TEST(Convolution3dErrors, ResidualsThatDoNotFitAreRefused) {
  static constexpr float kScale[] = {1.0f};
  expect_residuals_refused<Call>(
      [](Call& c) {
        c.config.plane.epilogue = {.type = DataType::kF32, .scale = kScale};
        c.config.plane.epilogue.residual = {DataType::kU8, 0.5f, 0};
        c.out.type = DataType::kF32;
        c.residual = const_volumes(c.residual_data.data(), 2, 2, 3, 4, 6);
      },
      [](Call& c) -> auto& { return c.config.plane.epilogue; },
      {{"residual.depth", [](Call& c) { c.residual.depth = 1; }},
       {"residual.plane_stride", [](Call& c) { c.residual.plane_stride = 71; }},
       {"residual.volume_stride", [](Call& c) { c.residual.volume_stride = 143; }}});
}

TEST(Convolution3dErrors, TheDepthwiseFormIsForImages) {
  Call call;
  call.config.plane.form = "depthwise";
  expect_refused(call.create_and_run(), "form", StatusCode::kUnsupported);
  call.config.plane.groups = call.config.plane.in_channels = 4;
  call.config.plane.out_channels = 4;
  expect_refused(call.create_and_run(), "form", StatusCode::kUnsupported);
}

TEST(Convolution3dErrors, SumsThatCouldOverflowAreRefused) {
  Call call;
  std::vector<std::int32_t> bias(6, INT32_MAX - 27 * 4 * 255);
  call.config.plane.epilogue.bias = bias;
  EXPECT_TRUE(call.create_and_run().ok());
  bias[5] += 1;
  EXPECT_EQ(call.create_and_run().code(), StatusCode::kOutOfRange);
}

TEST(Convolution3dErrors, ScratchAndEmptyObjectsAreChecked) {
  const Call call;
  Convolution3d convolution;
  EXPECT_EQ(convolution.run(call.in, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(convolution.isa(), "");
  EXPECT_EQ(convolution.form(), "");
  EXPECT_EQ(convolution.packed_bytes(), 0u);
  EXPECT_EQ(convolution.explain(1, 5, 5, 5).operation, "");
  ASSERT_TRUE(call.create(convolution).ok());
  for (std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX})
    EXPECT_EQ(convolution.scratch_bytes(size, size, size, size), 0u);
  std::vector<std::byte> scratch(convolution.scratch_bytes(2, 4, 5, 6) - 1);
  expect_refused(convolution.run(call.in, call.out, {scratch}), "scratch");
  const Convolution3d other = std::move(convolution);
  EXPECT_EQ(convolution.run(call.in, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(other.out_depth(4), 2);
  const Explanation e = other.explain(2, 4, 5, 6);
  EXPECT_EQ(std::string(e.shape), "2x4x5x6, 4 to 6 channels, 3x3x3, stride 1x1x1");
  EXPECT_EQ(e.operations, 2.0 * 2 * 2 * 3 * 4 * 6 * 27 * 4);
}

}  // namespace
}  // namespace octet::test
