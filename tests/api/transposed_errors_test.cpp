// Every call that TransposedConvolution must refuse, by breaking one thing in a valid call.
#include <algorithm>
#include <utility>
#include <vector>

#include "api/refusals.hpp"

namespace octet::test {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

/// A valid 3x2 transposed convolution of [2, 2, 3, 4] to 6 channels in 2 groups, and all it refers
/// to.
struct Call {
  std::vector<std::uint8_t> in_data = std::vector<std::uint8_t>(2 * 2 * 3 * 4, 1);
  std::vector<std::int8_t> weights_data = std::vector<std::int8_t>(4 * 3 * 3 * 2, 1);
  // Four bytes for each element: a type that is wrongly accepted shall not crash the test.
  std::vector<std::uint8_t> out_data = std::vector<std::uint8_t>(4 * 2 * 4 * 6 * 6, 0xA5);
  std::vector<float> scale = std::vector<float>(6, 1.0f);
  std::vector<std::int32_t> bias = std::vector<std::int32_t>(6, 3);
  std::vector<std::int32_t> weights_zero_point = std::vector<std::int32_t>(6, 0);
  TransposedConvolutionConfig config = {
      .in_channels = 4,
      .out_channels = 6,
      .kernel_h = 3,
      .kernel_w = 2,
      .stride_h = 2,
      .stride_w = 2,
      .pad_top = 1,
      .pad_bottom = 1,
      .output_padding_h = 1,
      .groups = 2,
      .weights_zero_point = weights_zero_point,
      .epilogue = {.type = DataType::kU8, .scale = scale, .bias = bias}};
  const void* weights = weights_data.data();
  ConstImages in = const_images(in_data.data(), 2, 2, 3, 4);
  Images out = images(out_data.data(), 2, 4, 6, 6);
  std::vector<std::uint8_t> residual_data = std::vector<std::uint8_t>(2 * 4 * 6 * 6, 1);
  ConstImages residual = {};

  Call() = default;
  Call(const Call&) = delete;

  Status create(TransposedConvolution& convolution) const {
    return TransposedConvolution::create(config, weights, convolution);
  }
  Status create_and_run() const {
    TransposedConvolution convolution;
    if (Status status = create(convolution); !status.ok()) return status;
    Workspace workspace;
    return convolution.run(in, out, {workspace.reserve(convolution.scratch_bytes(2, 2, 3))},
                           residual);
  }
};

TEST(TransposedErrors, TheUnbrokenCallIsValid) {
  const Call call;
  EXPECT_TRUE(call.create_and_run().ok());
  EXPECT_NE(std::ranges::count(call.out_data, 5), 0);  // one tap of two channels, and the bias
  EXPECT_NE(std::ranges::count(call.out_data, 7), 0);  // two taps
}

TEST(TransposedErrors, NullPointersAreRefused) {
  expect_all_refused<Call>({
      {"weights", [](Call& c) { c.weights = nullptr; }},
      {"in", [](Call& c) { c.in.data = nullptr; }},
      {"out", [](Call& c) { c.out.data = nullptr; }},
  });
}

TEST(TransposedErrors, SizesOutOfRangeAreRefused) {
  using Config = TransposedConvolutionConfig;
  std::vector<SizeOf<Config>> sizes = filter_sizes<Config>();
  sizes.push_back({"output_padding_h", &Config::output_padding_h, 0});
  sizes.push_back({"output_padding_w", &Config::output_padding_w, 0});
  expect_sizes_refused<Call>(sizes, [](Call& c) -> auto& { return c.config; });
  expect_all_refused<Call>({{"groups", [](Call& c) { c.config.groups = 4; }},
                            {"the size of the weights", [](Call& c) {
                               c.config.kernel_h = c.config.kernel_w = INT32_MAX;
                               c.config.out_channels = INT32_MAX - 1;
                             }}});
}

TEST(TransposedErrors, ImagesThatDoNotFitAreRefused) {
  expect_all_refused<Call>({
      {"in.batch", [](Call& c) { c.in.batch = -1; }},
      {"in.height", [](Call& c) { c.in.height = 0; }},
      {"in.height", [](Call& c) { c.config.pad_top = 5; }},  // nothing is left
      {"in", [](Call& c) { c.in.height = INT64_MAX; }},
      {"in.width", [](Call& c) { c.in.width = 0; }},
      {"in.width", [](Call& c) { c.config.pad_right = 6; }},
      {"in.channels", [](Call& c) { c.in.channels = 3; }},
      {"out.batch", [](Call& c) { c.out.batch = 1; }},
      {"out.height", [](Call& c) { c.out.height = 3; }},
      {"out.height", [](Call& c) { c.config.output_padding_h = 0; }},
      {"out.width", [](Call& c) { c.out.width = 5; }},
      {"out.channels", [](Call& c) { c.out.channels = 5; }},
      {"in.pixel_stride", [](Call& c) { c.in.pixel_stride = 3; }},
      {"in.row_stride", [](Call& c) { c.in.row_stride = 2 * 4 + 3; }},
      {"out.row_stride", [](Call& c) { c.out.row_stride = 5 * 6 + 5; }},
      {"out.image_stride", [](Call& c) { c.out.image_stride = INT64_MIN; }},
      {"in", [](Call& c) { c.in.row_stride = kHuge; }},
      {"out", [](Call& c) { c.out.image_stride = c.out.row_stride = kHuge; }},
  });
}

TEST(TransposedErrors, MismatchedTypesAndQuantizationAreRefused) {
  expect_all_refused<Call>({
      {"in_type", [](Call& c) { c.config.in_type = c.in.type = DataType::kF32; }},
      {"weights_type", [](Call& c) { c.config.weights_type = DataType::kS32; }},
      {"in.type", [](Call& c) { c.in.type = DataType::kS8; }},
      {"out.type", [](Call& c) { c.out.type = DataType::kS8; }},
      {"weights_layout",
       [](Call& c) { c.config.weights_layout = static_cast<TransposedWeightsLayout>(77); }},
      {"in_zero_point", [](Call& c) { c.config.in_zero_point = 256; }},
      {"weights_zero_point[5]", [](Call& c) { c.weights_zero_point[5] = 128; }},
      {"epilogue.scale", [](Call& c) { c.config.epilogue.scale = {}; }},
      {"epilogue.bias", [](Call& c) { c.config.epilogue.bias = std::span(c.bias).first(5); }},
  });
}

TEST(TransposedErrors, ResidualsThatDoNotFitAreRefused) {
  expect_residuals_refused<Call>(
      [](Call& c) {
        c.config.epilogue.residual = {DataType::kU8, 0.5f, 0};
        c.residual = const_images(c.residual_data.data(), 2, 4, 6, 6);
      },
      [](Call& c) -> auto& { return c.config.epilogue; },
      {{"residual.image_stride", [](Call& c) { c.residual.image_stride = 4 * 36 - 1; }}});
}

TEST(TransposedErrors, SumsThatCouldOverflowAreRefused) {
  Call call;
  // At most two taps of two channels meet in one output.
  call.bias[3] = INT32_MAX - 4 * 255;
  EXPECT_TRUE(call.create_and_run().ok());
  call.bias[3] += 1;
  EXPECT_EQ(call.create_and_run().code(), StatusCode::kOutOfRange);
}

TEST(TransposedErrors, AbsurdImageSizesNeedNoScratch) {
  TransposedConvolution convolution;
  ASSERT_TRUE(Call().create(convolution).ok());
  for (std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(convolution.scratch_bytes(size, size, size), 0u);
    EXPECT_LE(convolution.out_height(size), 0);
  }
  EXPECT_EQ(convolution.out_width(3), 6);
}

TEST(TransposedErrors, TooLittleScratchIsRefused) {
  const Call call;
  TransposedConvolution convolution;
  ASSERT_TRUE(call.create(convolution).ok());
  std::vector<std::byte> scratch(convolution.scratch_bytes(2, 2, 3) - 1);
  expect_refused(convolution.run(call.in, call.out, {scratch}), "scratch");
  expect_refused(convolution.run(call.in, call.out), "scratch");
}

TEST(TransposedErrors, UnknownIsasAreRefused) {
  Call call;
  call.config.max_isa = "abacus";
  expect_refused(call.create_and_run(), "abacus", StatusCode::kUnsupported);
}

TEST(TransposedErrors, AnEmptyObjectRefusesToRun) {
  const Call call;
  TransposedConvolution convolution;
  EXPECT_EQ(convolution.run(call.in, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(convolution.isa(), "");
  EXPECT_EQ(convolution.packed_bytes(), 0u);
  EXPECT_EQ(convolution.scratch_bytes(1, 5, 5), 0u);
  EXPECT_EQ(convolution.out_height(5), 0);

  ASSERT_TRUE(call.create(convolution).ok());
  const TransposedConvolution other = std::move(convolution);
  EXPECT_EQ(convolution.run(call.in, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_NE(other.isa(), "");
  EXPECT_GE(other.packed_bytes(), call.weights_data.size());
}

TEST(TransposedErrors, AFailedCreateLeavesTheObjectAsItWas) {
  Call call;
  TransposedConvolution convolution;
  ASSERT_TRUE(call.create(convolution).ok());
  call.config.stride_h = 0;
  expect_refused(call.create(convolution), "stride_h");
  EXPECT_EQ(convolution.out_height(2), 4);
}

}  // namespace
}  // namespace octet::test
