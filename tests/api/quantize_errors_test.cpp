// Every call that quantize, dequantize and requantize must refuse.
#include <functional>
#include <limits>
#include <vector>

#include "api/refusals.hpp"

namespace octet::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kHuge = std::int64_t{1} << 62;

/// Valid operands [2, 3] for all three functions.
struct Call {
  std::vector<float> real_data = std::vector<float>(6, 1.0f);
  std::vector<std::int32_t> sum_data = std::vector<std::int32_t>(6, 1);
  // Four bytes for each element: a type that is wrongly accepted shall not crash the test.
  std::vector<std::uint8_t> byte_data = std::vector<std::uint8_t>(24, 0xA5);
  std::vector<float> scale = std::vector<float>(3, 1.0f);
  std::vector<std::int32_t> zero_point = std::vector<std::int32_t>(3, 0);
  std::vector<std::int32_t> bias = std::vector<std::int32_t>(3, 0);
  QuantizeConfig config = {.scale = scale, .zero_point = zero_point};
  Epilogue epilogue = {.type = DataType::kU8, .scale = scale, .bias = bias};
  ConstMatrix in = {};  ///< Of the function under test.
  Matrix out = {};

  Call() = default;
  Call(const Call&) = delete;
};

/// One of the functions, with the views that it takes.
struct Function {
  const char* name;
  std::function<void(Call&)> prepare;
  std::function<Status(const Call&)> run;
};

const std::vector<Function> kFunctions = {
    {"quantize",
     [](Call& c) {
       c.in = const_matrix(c.real_data.data(), 2, 3);
       c.out = matrix(c.byte_data.data(), 2, 3);
     },
     [](const Call& c) { return quantize(c.config, c.in, c.out); }},
    {"dequantize",
     [](Call& c) {
       c.in = const_matrix(c.byte_data.data(), 2, 3);
       c.out = matrix(c.real_data.data(), 2, 3);
     },
     [](const Call& c) { return dequantize(c.config, c.in, c.out); }},
    {"requantize",
     [](Call& c) {
       c.in = const_matrix(c.sum_data.data(), 2, 3);
       c.out = matrix(c.byte_data.data(), 2, 3);
     },
     [](const Call& c) { return requantize(c.epilogue, c.in, c.out, nullptr, c.config.max_isa); }},
};

using Break = BreakOf<Call>;

void expect_refused_by(const Function& function, const std::vector<Break>& breaks) {
  for (const Break& each : breaks) {
    SCOPED_TRACE(function.name);
    Call call;
    function.prepare(call);
    each.apply(call);
    expect_refused(function.run(call), each.argument);
    EXPECT_TRUE(call.byte_data == Call().byte_data) << each.argument << ": a refused call wrote";
    EXPECT_TRUE(call.real_data == Call().real_data) << each.argument << ": a refused call wrote";
  }
}

TEST(QuantizeErrors, TheUnbrokenCallsAreValid) {
  for (const Function& function : kFunctions) {
    Call call;
    function.prepare(call);
    EXPECT_TRUE(function.run(call).ok()) << function.name;
  }
}

TEST(QuantizeErrors, InvalidViewsAreRefused) {
  for (const Function& function : kFunctions) {
    expect_refused_by(function, {
                                    {"in", [](Call& c) { c.in.data = nullptr; }},
                                    {"out", [](Call& c) { c.out.data = nullptr; }},
                                    {"in.rows", [](Call& c) { c.in.rows = -1; }},
                                    {"in.columns", [](Call& c) { c.in.columns = 0; }},
                                    {"in.columns", [](Call& c) { c.in.columns = -3; }},
                                    {"out.rows", [](Call& c) { c.out.rows = 1; }},
                                    {"out.columns", [](Call& c) { c.out.columns = 2; }},
                                    {"in.row_stride", [](Call& c) { c.in.row_stride = 2; }},
                                    {"out.row_stride", [](Call& c) { c.out.row_stride = -3; }},
                                    {"in",
                                     [](Call& c) {
                                       c.in.rows = c.out.rows = 5;
                                       c.in.row_stride = kHuge;
                                     }},
                                    {"out",
                                     [](Call& c) {
                                       c.in.rows = c.out.rows = 5;
                                       c.out.row_stride = kHuge;
                                     }},
                                });
  }
}

TEST(QuantizeErrors, MismatchedTypesAreRefused) {
  constexpr auto kNoType = static_cast<DataType>(77);
  expect_refused_by(kFunctions[0], {
                                       {"in.type", [](Call& c) { c.in.type = DataType::kS32; }},
                                       {"in.type", [](Call& c) { c.in.type = DataType::kU8; }},
                                       {"out.type", [](Call& c) { c.out.type = DataType::kF32; }},
                                       {"out.type", [](Call& c) { c.out.type = DataType::kS32; }},
                                       {"out.type", [](Call& c) { c.out.type = kNoType; }},
                                   });
  expect_refused_by(kFunctions[1], {
                                       {"in.type", [](Call& c) { c.in.type = DataType::kF32; }},
                                       {"in.type", [](Call& c) { c.in.type = kNoType; }},
                                       {"out.type", [](Call& c) { c.out.type = DataType::kS32; }},
                                       {"out.type", [](Call& c) { c.out.type = DataType::kU8; }},
                                   });
  expect_refused_by(
      kFunctions[2],
      {
          {"in.type", [](Call& c) { c.in.type = DataType::kF32; }},
          {"out.type", [](Call& c) { c.out.type = DataType::kS8; }},
          {"epilogue.type", [](Call& c) { c.epilogue.type = c.out.type = DataType::kS32; }},
          {"epilogue.type", [](Call& c) { c.epilogue.type = c.out.type = kNoType; }},
      });
}

TEST(QuantizeErrors, InvalidScalesAreRefused) {
  for (const Function& function : kFunctions) {
    for (float scale : {0.0f, -1.0f, kNan, kInfinity, -kInfinity}) {
      expect_refused_by(function, {{"scale[2]", [=](Call& c) { c.scale[2] = scale; }}});
    }
    expect_refused_by(function, {{"scale", [](Call& c) { c.config.scale = c.epilogue.scale = {}; }},
                                 {"scale", [](Call& c) {
                                    c.config.scale = c.epilogue.scale = std::span(c.scale).first(2);
                                  }}});
  }
}

TEST(QuantizeErrors, ZeroPointsOutsideTheirTypeAreRefused) {
  for (const Function* function : {&kFunctions[0], &kFunctions[1]}) {
    expect_refused_by(
        *function,
        {
            {"zero_point[1]", [](Call& c) { c.zero_point[1] = 256; }},
            {"zero_point[2]", [](Call& c) { c.zero_point[2] = -1; }},
            {"zero_point", [](Call& c) { c.config.zero_point = std::span(c.zero_point).first(2); }},
        });
  }
  expect_refused_by(kFunctions[1], {{"zero_point", [](Call& c) {
                                       c.in = const_matrix(c.sum_data.data(), 2, 3);
                                       c.zero_point[2] = 1;  // s32 has none
                                     }}});
  expect_refused_by(
      kFunctions[2],
      {
          {"epilogue.zero_point", [](Call& c) { c.epilogue.zero_point = 256; }},
          {"epilogue.bias", [](Call& c) { c.epilogue.bias = std::span(c.bias).first(2); }},
          {"epilogue.min", [](Call& c) { c.epilogue.min = 1.5f; }},
          {"epilogue.min", [](Call& c) { c.epilogue.min = kNan; }},
          {"epilogue.residual", [](Call& c) { c.epilogue.residual = Residual{}; }},
          {"epilogue.table", [](Call& c) { c.epilogue.table = std::as_bytes(std::span("x")); }},
      });
}

TEST(QuantizeErrors, UnknownIsasAreRefused) {
  for (const Function& function : kFunctions) {
    Call call;
    function.prepare(call);
    call.config.max_isa = "abacus";
    expect_refused(function.run(call), "abacus", StatusCode::kUnsupported);
  }
}

}  // namespace
}  // namespace octet::test
