// Every call that max_pool and average_pool must refuse.
#include <functional>
#include <limits>
#include <vector>

#include "api/refusals.hpp"

namespace octet::test {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 62;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Valid operands of both functions: [2, 5, 6, 3] to [2, 3, 3, 3].
struct Call {
  // Four bytes for each element: a type that is wrongly accepted shall not crash the test.
  std::vector<std::uint8_t> in_data = std::vector<std::uint8_t>(4 * 2 * 5 * 6 * 3, 7);
  std::vector<std::uint8_t> out_data = std::vector<std::uint8_t>(4 * 2 * 3 * 3 * 3, 0xA5);
  AveragePoolingConfig config = {.window = {.kernel_h = 3,
                                            .kernel_w = 2,
                                            .stride_h = 2,
                                            .stride_w = 2,
                                            .pad_top = 1,
                                            .pad_bottom = 1}};
  ConstImages in = const_images(in_data.data(), 2, 5, 6, 3);
  Images out = images(out_data.data(), 2, 3, 3, 3);

  Call() = default;
  Call(const Call&) = delete;
};

using Break = BreakOf<Call>;

Status run_max(const Call& c) {
  return max_pool(c.config.window, c.in, c.out, nullptr, c.config.max_isa);
}
Status run_average(const Call& c) { return average_pool(c.config, c.in, c.out); }

void expect_refused_by(Status (*run)(const Call&), const Break& each,
                       StatusCode code = StatusCode::kInvalidArgument) {
  Call call;
  each.apply(call);
  expect_refused(run(call), each.argument, code);
  EXPECT_TRUE(call.out_data == Call().out_data) << each.argument << ": a refused call wrote";
}

void expect_refused_by_both(const std::vector<Break>& breaks) {
  for (const Break& each : breaks) {
    expect_refused_by(run_max, each);
    expect_refused_by(run_average, each);
  }
}

TEST(PoolingErrors, TheUnbrokenCallsAreValid) {
  Call call;
  EXPECT_TRUE(run_max(call).ok());
  EXPECT_TRUE(run_average(call).ok());
}

TEST(PoolingErrors, InvalidWindowsAreRefused) {
  expect_refused_by_both({
      {"window.kernel_h", [](Call& c) { c.config.window.kernel_h = 0; }},
      {"window.kernel_w", [](Call& c) { c.config.window.kernel_w = -1; }},
      {"window.kernel_w", [](Call& c) { c.config.window.kernel_w = kHuge; }},
      {"window.stride_h", [](Call& c) { c.config.window.stride_h = 0; }},
      {"window.stride_w", [](Call& c) { c.config.window.stride_w = -2; }},
      {"window.stride_w", [](Call& c) { c.config.window.stride_w = kHuge; }},
      {"window.pad_top", [](Call& c) { c.config.window.pad_top = -1; }},
      {"window.pad_left", [](Call& c) { c.config.window.pad_left = -1; }},
      {"window.pad_bottom", [](Call& c) { c.config.window.pad_bottom = -1; }},
      {"window.pad_right", [](Call& c) { c.config.window.pad_right = -1; }},
      {"window.pad_top", [](Call& c) { c.config.window.pad_top = 3; }},
      {"window.pad_left", [](Call& c) { c.config.window.pad_left = 2; }},
      {"window.pad_bottom", [](Call& c) { c.config.window.pad_bottom = 3; }},
      {"window.pad_right", [](Call& c) { c.config.window.pad_right = 2; }},
      {"in.height", [](Call& c) { c.config.window.kernel_h = 8; }},
      {"in.width", [](Call& c) { c.config.window.kernel_w = 7; }},
  });
}

TEST(PoolingErrors, InvalidViewsAreRefused) {
  expect_refused_by_both({
      {"in.data", [](Call& c) { c.in.data = nullptr; }},
      {"out.data", [](Call& c) { c.out.data = nullptr; }},
      {"in.batch", [](Call& c) { c.in.batch = -1; }},
      {"in.height", [](Call& c) { c.in.height = 0; }},
      {"in.width", [](Call& c) { c.in.width = -6; }},
      {"in.channels", [](Call& c) { c.in.channels = 0; }},
      {"in.pixel_stride", [](Call& c) { c.in.pixel_stride = 2; }},
      {"in.row_stride", [](Call& c) { c.in.row_stride = 17; }},
      {"in.image_stride", [](Call& c) { c.in.image_stride = 89; }},
      {"in: ", [](Call& c) { c.in.image_stride = 2 * (kHuge - 1); }},
      {"out.batch", [](Call& c) { c.out.batch = 1; }},
      {"out.height", [](Call& c) { c.out.height = 2; }},
      {"out.width", [](Call& c) { c.out.width = 2; }},
      {"out.channels", [](Call& c) { c.out.channels = 2; }},
      {"out.pixel_stride", [](Call& c) { c.out.pixel_stride = -3; }},
      {"out.row_stride", [](Call& c) { c.out.row_stride = 8; }},
      {"out.image_stride", [](Call& c) { c.out.image_stride = 26; }},
      {"in.type", [](Call& c) { c.in.type = c.out.type = DataType::kF32; }},
      {"out.type", [](Call& c) { c.out.type = DataType::kS32; }},
      {"out.type", [](Call& c) { c.out.type = static_cast<DataType>(77); }},
  });
}

TEST(PoolingErrors, AMaximumHasTheTypeOfItsInput) {
  expect_refused_by(run_max, {"out.type", [](Call& c) { c.out.type = DataType::kS8; }});
}

TEST(PoolingErrors, InvalidScalesAndZeroPointsAreRefused) {
  for (float scale : {0.0f, -1.0f, kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    expect_refused_by(run_average, {"scale", [=](Call& c) { c.config.scale = scale; }});
  }
  const Break breaks[] = {
      {"in_zero_point", [](Call& c) { c.config.in_zero_point = 256; }},
      {"in_zero_point", [](Call& c) { c.config.in_zero_point = -1; }},
      {"zero_point", [](Call& c) { c.config.zero_point = -1; }},
      {"zero_point",
       [](Call& c) {
         c.out.type = DataType::kS8;
         c.config.zero_point = 128;
       }},
  };
  for (const Break& each : breaks) expect_refused_by(run_average, each);
}

TEST(PoolingErrors, WindowsWhoseSumsCouldLeaveInt32AreRefused) {
  expect_refused_by(run_average,
                    {"window.kernel_h * window.kernel_w",
                     [](Call& c) {
                       // 8421504 * 255 < 2^31 <= 8421505 * 255. Nothing is read: the batch is
                       // empty.
                       c.config.window = {.kernel_h = 1, .kernel_w = 8421505};
                       c.in = {nullptr, DataType::kU8, 0, 1, 8421505, 1, 1, 8421505, 8421505};
                       c.out = {nullptr, DataType::kU8, 0, 1, 1, 1, 1, 1, 1};
                     }},
                    StatusCode::kOutOfRange);
}

TEST(PoolingErrors, UnknownIsasAreRefused) {
  const Break unknown = {"abacus", [](Call& c) { c.config.max_isa = "abacus"; }};
  expect_refused_by(run_max, unknown, StatusCode::kUnsupported);
  expect_refused_by(run_average, unknown, StatusCode::kUnsupported);
}

TEST(PoolingErrors, SizesOfInvalidWindowsAreZero) {
  EXPECT_EQ((PoolingWindow{.kernel_h = 3}.out_height(2)), 0);
  EXPECT_EQ((PoolingWindow{.kernel_h = 3}.out_height(3)), 1);
  EXPECT_EQ((PoolingWindow{.stride_w = 0}.out_width(3)), 0);
  EXPECT_EQ((PoolingWindow{.kernel_w = 2, .pad_right = 2}.out_width(3)), 0);
}

}  // namespace
}  // namespace octet::test
