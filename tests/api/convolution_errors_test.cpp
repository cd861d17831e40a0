// Every call that Convolution must refuse, by breaking one thing in a valid call.
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "api/refusals.hpp"

namespace octet::test {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

/// A valid 3x3 convolution of [2, 5, 6, 4] to 6 channels in 2 groups, and all it refers to.
struct Call {
  std::vector<std::uint8_t> in_data = std::vector<std::uint8_t>(2 * 5 * 6 * 4, 1);
  std::vector<std::int8_t> weights_data = std::vector<std::int8_t>(6 * 3 * 3 * 2, 1);
  // Four bytes for each element: a type that is wrongly accepted shall not crash the test.
  std::vector<std::uint8_t> out_data = std::vector<std::uint8_t>(4 * 2 * 3 * 4 * 6, 0xA5);
  std::vector<float> scale = std::vector<float>(6, 1.0f);
  std::vector<std::int32_t> bias = std::vector<std::int32_t>(6, 0);
  std::vector<std::int32_t> weights_zero_point = std::vector<std::int32_t>(6, 0);
  ConvolutionConfig config = {.in_channels = 4,
                              .out_channels = 6,
                              .kernel_h = 3,
                              .kernel_w = 3,
                              .groups = 2,
                              .weights_zero_point = weights_zero_point,
                              .epilogue = {.type = DataType::kU8, .scale = scale, .bias = bias}};
  const void* weights = weights_data.data();
  ConstImages in = const_images(in_data.data(), 2, 5, 6, 4);
  Images out = images(out_data.data(), 2, 3, 4, 6);
  std::vector<std::uint8_t> residual_data = std::vector<std::uint8_t>(2 * 3 * 4 * 6, 1);
  ConstImages residual = {};

  Call() = default;
  Call(const Call&) = delete;

  Status create(Convolution& convolution) const {
    return Convolution::create(config, weights, convolution);
  }
  Status create_and_run() const {
    Convolution convolution;
    if (Status status = create(convolution); !status.ok()) return status;
    Workspace workspace;
    return convolution.run(in, out, {workspace.reserve(convolution.scratch_bytes(2, 5, 6))},
                           residual);
  }
};

using Break = BreakOf<Call>;

TEST(ConvolutionErrors, TheUnbrokenCallIsValid) {
  const Call call;
  EXPECT_TRUE(call.create_and_run().ok());
  EXPECT_EQ(std::ranges::count(call.out_data, 18), 2 * 3 * 4 * 6);
}

TEST(ConvolutionErrors, NullPointersAreRefused) {
  expect_all_refused<Call>({
      {"weights", [](Call& c) { c.weights = nullptr; }},
      {"in", [](Call& c) { c.in.data = nullptr; }},
      {"out", [](Call& c) { c.out.data = nullptr; }},
  });
}

TEST(ConvolutionErrors, SizesOutOfRangeAreRefused) {
  expect_sizes_refused<Call>(filter_sizes<ConvolutionConfig>(),
                             [](Call& c) -> auto& { return c.config; });
  expect_all_refused<Call>({{"groups", [](Call& c) { c.config.groups = 4; }},
                            {"groups", [](Call& c) { c.config.groups = 3; }}});
}

TEST(ConvolutionErrors, ImagesThatDoNotFitAreRefused) {
  expect_all_refused<Call>({
      {"in.batch", [](Call& c) { c.in.batch = -1; }},
      {"in.height", [](Call& c) { c.in.height = 0; }},
      {"in.height", [](Call& c) { c.in.height = -5; }},
      {"in.height", [](Call& c) { c.in.height = 2; }},  // smaller than the kernel
      {"in.width", [](Call& c) { c.in.width = 0; }},
      {"in.width", [](Call& c) { c.in.width = 2; }},
      {"in.channels", [](Call& c) { c.in.channels = 3; }},
      {"in.channels", [](Call& c) { c.in.channels = 0; }},
      {"out.batch", [](Call& c) { c.out.batch = 1; }},
      {"out.batch", [](Call& c) { c.out.batch = -2; }},
      {"out.height", [](Call& c) { c.out.height = 2; }},
      {"out.height", [](Call& c) { c.out.height = 0; }},
      {"out.width", [](Call& c) { c.out.width = 3; }},
      {"out.channels", [](Call& c) { c.out.channels = 5; }},
  });
}

TEST(ConvolutionErrors, StridesThatOverlapAreRefused) {
  expect_all_refused<Call>({
      {"in.pixel_stride", [](Call& c) { c.in.pixel_stride = 3; }},
      {"in.pixel_stride", [](Call& c) { c.in.pixel_stride = -4; }},
      {"in.row_stride", [](Call& c) { c.in.row_stride = 5 * 4 + 3; }},
      {"in.image_stride", [](Call& c) { c.in.image_stride = 4 * 24 + 23; }},
      {"in.image_stride", [](Call& c) { c.in.image_stride = 0; }},
      {"out.pixel_stride", [](Call& c) { c.out.pixel_stride = 5; }},
      {"out.row_stride", [](Call& c) { c.out.row_stride = 3 * 6 + 5; }},
      {"out.image_stride", [](Call& c) { c.out.image_stride = INT64_MIN; }},
  });
}

TEST(ConvolutionErrors, ExtentsThatOverflowAreRefused) {
  expect_all_refused<Call>({
      {"in", [](Call& c) { c.in.pixel_stride = kHuge; }},
      {"in", [](Call& c) { c.in.row_stride = kHuge; }},
      {"in",
       [](Call& c) {
         c.in.batch = c.out.batch = 4;
         c.in.image_stride = kHuge;
       }},
      {"in", [](Call& c) { c.in.height = INT64_MAX; }},
      {"in", [](Call& c) { c.in.width = INT64_MAX; }},
      {"out", [](Call& c) { c.out.image_stride = c.out.row_stride = kHuge; }},
      {"kernel_h", [](Call& c) { c.config.kernel_h = INT64_MAX; }},
      {"weights",
       [](Call& c) {
         c.config.kernel_h = c.config.kernel_w = INT32_MAX;
         c.config.out_channels = INT32_MAX - 1;
       }},
      {"dilation_w", [](Call& c) { c.config.dilation_w = INT64_MAX; }},
  });
}

TEST(ConvolutionErrors, ImagesBeyondAnyMemoryAreRefused) {
  constexpr std::int64_t kHeight = std::int64_t{1} << 30, kWidth = std::int64_t{1} << 29;
  Call call;
  call.in = const_images(call.in_data.data(), 1, kHeight, kWidth, 4);
  call.out = images(call.out_data.data(), 1, kHeight - 2, kWidth - 2, 6);
  expect_refused(call.create_and_run(), "in");
}

TEST(ConvolutionErrors, AbsurdImageSizesNeedNoScratch) {
  Convolution convolution;
  ASSERT_TRUE(Call().create(convolution).ok());
  for (std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(convolution.scratch_bytes(size, size, size), 0u);
  }
  EXPECT_LE(convolution.out_height(2), 0);
  EXPECT_LE(convolution.out_width(INT64_MIN), 0);
  EXPECT_EQ(convolution.out_width(3), 1);
}

TEST(ConvolutionErrors, MismatchedTypesAreRefused) {
  expect_all_refused<Call>({
      {"in_type", [](Call& c) { c.config.in_type = c.in.type = DataType::kF32; }},
      {"weights_type", [](Call& c) { c.config.weights_type = DataType::kS32; }},
      {"in.type", [](Call& c) { c.in.type = DataType::kS8; }},
      {"out.type", [](Call& c) { c.out.type = DataType::kS8; }},
      {"epilogue.type",
       [](Call& c) { c.config.epilogue.type = c.out.type = static_cast<DataType>(77); }},
      {"weights_layout", [](Call& c) { c.config.weights_layout = static_cast<WeightsLayout>(77); }},
  });
}

TEST(ConvolutionErrors, QuantizationOutOfRangeIsRefused) {
  expect_all_refused<Call>({
      {"in_zero_point", [](Call& c) { c.config.in_zero_point = 256; }},
      {"in_zero_point", [](Call& c) { c.config.in_zero_point = -1; }},
      {"weights_zero_point[5]", [](Call& c) { c.weights_zero_point[5] = 128; }},
      {"weights_zero_point",
       [](Call& c) { c.config.weights_zero_point = std::span(c.weights_zero_point).first(3); }},
      {"epilogue.zero_point", [](Call& c) { c.config.epilogue.zero_point = -1; }},
      {"epilogue.scale", [](Call& c) { c.config.epilogue.scale = {}; }},
      {"epilogue.scale[2]", [](Call& c) { c.scale[2] = 0; }},
      {"epilogue.scale[2]", [](Call& c) { c.scale[2] = std::numeric_limits<float>::quiet_NaN(); }},
      {"epilogue.scale[5]", [](Call& c) { c.scale[5] = std::numeric_limits<float>::infinity(); }},
      {"epilogue.bias", [](Call& c) { c.config.epilogue.bias = std::span(c.bias).first(5); }},
      {"epilogue.min", [](Call& c) { c.config.epilogue.min = 0.25f; }},
  });
}

TEST(ConvolutionErrors, SumsThatCouldOverflowAreRefused) {
  Call call;
  call.bias[3] = INT32_MAX - 18 * 255;
  EXPECT_TRUE(call.create_and_run().ok());
  call.bias[3] += 1;
  EXPECT_EQ(call.create_and_run().code(), StatusCode::kOutOfRange);
}

TEST(ConvolutionErrors, ResidualsThatDoNotFitAreRefused) {
  expect_residuals_refused<Call>(
      [](Call& c) {
        c.config.epilogue.residual = {DataType::kU8, 0.5f, 0};
        c.residual = const_images(c.residual_data.data(), 2, 3, 4, 6);
      },
      [](Call& c) -> auto& { return c.config.epilogue; },
      {{"epilogue.table", [](Call& c) { c.config.epilogue.table = std::as_bytes(std::span("x")); }},
       {"residual.image_stride", [](Call& c) { c.residual.image_stride = 71; }}});
}

TEST(ConvolutionErrors, TooLittleScratchIsRefused) {
  const Call call;
  Convolution convolution;
  ASSERT_TRUE(call.create(convolution).ok());
  if (const std::size_t needed = convolution.scratch_bytes(2, 5, 6); needed > 0) {
    std::vector<std::byte> scratch(needed - 1);
    expect_refused(convolution.run(call.in, call.out, {scratch}), "scratch");
    expect_refused(convolution.run(call.in, call.out), "scratch");
  }
}

TEST(ConvolutionErrors, UnknownIsasAreRefused) {
  Call call;
  call.config.max_isa = "abacus";
  expect_refused(call.create_and_run(), "abacus", StatusCode::kUnsupported);
}

TEST(ConvolutionErrors, AnEmptyObjectRefusesToRun) {
  const Call call;
  Convolution convolution;
  EXPECT_EQ(convolution.run(call.in, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(convolution.isa(), "");
  EXPECT_EQ(convolution.form(), "");
  EXPECT_EQ(convolution.packed_bytes(), 0u);
  EXPECT_EQ(convolution.scratch_bytes(1, 5, 5), 0u);

  ASSERT_TRUE(call.create(convolution).ok());
  const Convolution other = std::move(convolution);
  EXPECT_EQ(convolution.run(call.in, call.out).code(), StatusCode::kInvalidArgument);
  EXPECT_NE(other.form(), "");
}

TEST(ConvolutionErrors, AFailedCreateLeavesTheObjectAsItWas) {
  Call call;
  Convolution convolution;
  ASSERT_TRUE(call.create(convolution).ok());
  call.config.stride_h = 0;
  expect_refused(call.create(convolution), "stride_h");
  EXPECT_EQ(convolution.out_height(5), 3);
}

}  // namespace
}  // namespace octet::test
