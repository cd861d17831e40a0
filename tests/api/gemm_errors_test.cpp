// Every call that Gemm and gemm() must refuse, by breaking one thing in a valid call.
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "api/gemm_call.hpp"
#include "api/refusals.hpp"

namespace octet::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kHuge = std::int64_t{1} << 62;

using Call = GemmCall;
using Break = BreakOf<Call>;

void expect_all_refused(const std::vector<Break>& breaks) {
  for (const Break& each : breaks) {
    Call call;
    each.apply(call);
    expect_refused(call.create_and_run(), each.argument);
    expect_refused(call.one_shot(), each.argument);
    EXPECT_TRUE(call.out_data == Call().out_data) << each.argument << ": a refused call wrote";
  }
}

TEST(GemmErrors, TheUnbrokenCallIsValid) {
  const Call call;
  EXPECT_TRUE(call.create_and_run().ok());
  EXPECT_TRUE(call.result_is(3));
  EXPECT_TRUE(call.one_shot().ok());
}

TEST(GemmErrors, NullPointersAreRefused) {
  expect_all_refused({
      {"lhs", [](Call& c) { c.lhs.data = nullptr; }},
      {"rhs", [](Call& c) { c.rhs.data = nullptr; }},
      {"out", [](Call& c) { c.out.data = nullptr; }},
  });
}

TEST(GemmErrors, SizesOutOfRangeAreRefused) {
  expect_all_refused({
      {"lhs.rows", [](Call& c) { c.lhs.rows = c.out.rows = -1; }},
      {"lhs.columns", [](Call& c) { c.lhs.columns = 0; }},
      {"lhs.columns", [](Call& c) { c.lhs.columns = -3; }},
      {"lhs.columns", [](Call& c) { c.lhs.columns = 2; }},
      {"lhs.columns", [](Call& c) { c.lhs.columns = c.lhs.row_stride = 4; }},
      {"rhs.rows", [](Call& c) { c.rhs.rows = 0; }},
      {"rhs.rows", [](Call& c) { c.rhs.rows = -1; }},
      {"rhs.columns", [](Call& c) { c.rhs.columns = 0; }},
      {"rhs.columns", [](Call& c) { c.rhs.columns = INT64_MIN; }},
      {"out.rows", [](Call& c) { c.out.rows = 1; }},
      {"out.rows", [](Call& c) { c.out.rows = 3; }},
      {"out.rows", [](Call& c) { c.out.rows = -2; }},
      {"out.columns", [](Call& c) { c.out.columns = 4; }},
      {"out.columns", [](Call& c) { c.out.columns = 0; }},
  });
}

TEST(GemmErrors, StridesShorterThanARowAreRefused) {
  expect_all_refused({
      {"lhs.row_stride", [](Call& c) { c.lhs.row_stride = 2; }},
      {"lhs.row_stride", [](Call& c) { c.lhs.row_stride = 0; }},
      {"rhs.row_stride", [](Call& c) { c.rhs.row_stride = 4; }},
      {"rhs.row_stride", [](Call& c) { c.rhs.row_stride = -5; }},
      {"out.row_stride", [](Call& c) { c.out.row_stride = 4; }},
      {"out.row_stride", [](Call& c) { c.out.row_stride = INT64_MIN; }},
  });
}

TEST(GemmErrors, ExtentsThatOverflowAreRefused) {
  expect_all_refused({
      {"lhs",
       [](Call& c) {
         c.lhs.rows = c.out.rows = 4;
         c.lhs.row_stride = kHuge;
       }},
      {"lhs", [](Call& c) { c.lhs.rows = c.out.rows = INT64_MAX; }},
      {"rhs", [](Call& c) { c.rhs.row_stride = kHuge; }},
      {"rhs", [](Call& c) { c.rhs.rows = kHuge; }},
      {"out",
       [](Call& c) {
         c.out.rows = c.lhs.rows = 4;
         c.out.row_stride = kHuge;
       }},
      {"out",
       [](Call& c) {
         c.config.epilogue.type = c.out.type = DataType::kF32;
         c.out.row_stride = kHuge;  // its bytes overflow, its elements do not
       }},
  });
}

TEST(GemmErrors, MismatchedTypesAreRefused) {
  constexpr auto kNoType = static_cast<DataType>(77);
  expect_all_refused({
      {"lhs_type", [](Call& c) { c.config.lhs_type = c.lhs.type = DataType::kS32; }},
      {"lhs_type", [](Call& c) { c.config.lhs_type = c.lhs.type = DataType::kF32; }},
      {"lhs_type", [](Call& c) { c.config.lhs_type = c.lhs.type = kNoType; }},
      {"lhs.type", [](Call& c) { c.lhs.type = DataType::kS8; }},
      {"rhs.type", [](Call& c) { c.rhs.type = DataType::kF32; }},
      {"rhs.type", [](Call& c) { c.rhs.type = DataType::kS32; }},
      {"rhs.type", [](Call& c) { c.rhs.type = kNoType; }},
      {"out.type", [](Call& c) { c.out.type = DataType::kS8; }},
      {"out.type", [](Call& c) { c.out.type = DataType::kF32; }},
      {"epilogue.type", [](Call& c) { c.config.epilogue.type = c.out.type = kNoType; }},
  });
}

TEST(GemmErrors, ZeroPointsOutsideTheirTypeAreRefused) {
  expect_all_refused({
      {"lhs_zero_point", [](Call& c) { c.config.lhs_zero_point = 256; }},
      {"lhs_zero_point", [](Call& c) { c.config.lhs_zero_point = -1; }},
      {"lhs_zero_point",
       [](Call& c) {
         c.config.lhs_type = c.lhs.type = DataType::kS8;
         c.config.lhs_zero_point = 128;
       }},
      {"rhs_zero_point[0]", [](Call& c) { c.rhs_zero_point[0] = 128; }},
      {"rhs_zero_point[4]", [](Call& c) { c.rhs_zero_point[4] = -129; }},
      {"rhs_zero_point[2]",
       [](Call& c) {
         c.rhs.type = DataType::kU8;
         c.rhs_zero_point[2] = -1;
       }},
      {"rhs_zero_point",
       [](Call& c) { c.config.rhs_zero_point = std::span(c.rhs_zero_point).first(2); }},
      {"epilogue.zero_point", [](Call& c) { c.config.epilogue.zero_point = 256; }},
      {"epilogue.zero_point", [](Call& c) { c.config.epilogue.zero_point = -1; }},
      {"epilogue.zero_point",
       [](Call& c) {
         c.config.epilogue.type = c.out.type = DataType::kF32;
         c.config.epilogue.zero_point = 1;
       }},
  });
}

TEST(GemmErrors, ScalesThatAreNotFiniteAndPositiveAreRefused) {
  for (float scale : {0.0f, -0.0f, -1.0f, kNan, -kNan, kInfinity, -kInfinity}) {
    expect_all_refused({
        {"epilogue.scale[3]", [=](Call& c) { c.scale[3] = scale; }},
        {"epilogue.scale[0]",
         [=](Call& c) {
           c.scale[0] = scale;
           c.config.epilogue.scale = std::span(c.scale).first(1);
         }},
    });
  }
  expect_all_refused({
      {"epilogue.scale", [](Call& c) { c.config.epilogue.scale = {}; }},
      {"epilogue.scale", [](Call& c) { c.config.epilogue.scale = std::span(c.scale).first(4); }},
      {"epilogue.bias", [](Call& c) { c.config.epilogue.bias = std::span(c.bias).first(1); }},
      {"epilogue.bias", [](Call& c) { c.config.epilogue.bias = std::span(c.bias).first(4); }},
  });
}

TEST(GemmErrors, ClampsThatMakeNoSenseAreRefused) {
  for (auto [min, max] :
       {std::pair{3.0f, 2.0f}, std::pair{kNan, 2.0f}, std::pair{3.0f, kNan},
        std::pair{kInfinity, kInfinity}, std::pair{-kInfinity, -kInfinity}, std::pair{0.5f, 2.0f},
        std::pair{0.0f, 2.5f}, std::pair{-1.0f, 5.0f}, std::pair{0.0f, 256.0f}}) {
    expect_all_refused({{"epilogue.m", [&](Call& c) {
                           c.config.epilogue.min = min;
                           c.config.epilogue.max = max;
                         }}});
  }
}

TEST(GemmErrors, ResidualsAndTablesThatAreNotDescribedRightlyAreRefused) {
  constexpr auto kNoType = static_cast<DataType>(77);
  const std::vector<Break> breaks = {
      {"epilogue.residual.type",
       [](Call& c) { c.config.epilogue.residual->type = c.residual.type = DataType::kS32; }},
      {"epilogue.residual.type",
       [](Call& c) { c.config.epilogue.residual->type = c.residual.type = kNoType; }},
      {"epilogue.residual.zero_point",
       [](Call& c) { c.config.epilogue.residual->zero_point = 128; }},
      {"epilogue.residual must be empty",
       [](Call& c) { c.config.epilogue = {.residual = Residual{}}; }},
      {"epilogue.table must be empty",
       [](Call& c) { c.config.epilogue.type = c.out.type = DataType::kF32; }},
      {"epilogue.table", [](Call& c) { c.config.epilogue.table = std::span(c.table).first(255); }},
      {"residual is given", [](Call& c) { c.config.epilogue.residual.reset(); }},
      {"residual.data", [](Call& c) { c.residual.data = nullptr; }},
      {"residual.type", [](Call& c) { c.residual.type = DataType::kU8; }},
      {"residual.rows", [](Call& c) { c.residual.rows = 1; }},
      {"residual.columns", [](Call& c) { c.residual.columns = 4; }},
      {"residual.row_stride", [](Call& c) { c.residual.row_stride = 4; }},
      {"residual: ", [](Call& c) { c.residual.row_stride = 2 * (kHuge - 1); }},
  };
  const auto with = [](const Break& each) {
    return Break{each.argument, [each](Call& c) {
                   c.fuse();
                   each.apply(c);
                 }};
  };
  Call call;
  call.fuse();
  EXPECT_TRUE(call.create_and_run().ok());
  EXPECT_TRUE(call.one_shot().ok());
  for (const Break& each : breaks) expect_all_refused({with(each)});
  for (float scale : {0.0f, -1.0f, 2e36f, kInfinity, kNan})
    expect_all_refused({with(
        {"epilogue.residual.scale", [=](Call& c) { c.config.epilogue.residual->scale = scale; }})});
}

}  // namespace
}  // namespace octet::test
