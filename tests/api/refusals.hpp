/// What a refusal must look like.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "octet/octet.hpp"

namespace octet::test {

/// `status` is an error of this code whose message names `argument`.
inline void expect_refused(const Status& status, std::string_view argument,
                           StatusCode code = StatusCode::kInvalidArgument) {
  EXPECT_EQ(status.code(), code) << "for " << argument << ": " << status.message();
  EXPECT_NE(status.message().find(argument), std::string_view::npos)
      << "the message does not name " << argument << ": " << status.message();
}

/// One way to make a valid Call invalid.
template <class Call>
struct BreakOf {
  const char* argument;  ///< That the message must name.
  std::function<void(Call&)> apply;
};

/// Each break of a new Call is refused by create_and_run(), and nothing is written.
template <class Call>
void expect_all_refused(const std::vector<BreakOf<Call>>& breaks) {
  for (const BreakOf<Call>& each : breaks) {
    Call call;
    each.apply(call);
    expect_refused(call.create_and_run(), each.argument);
    EXPECT_TRUE(call.out_data == Call().out_data) << each.argument << ": a refused call wrote";
  }
}

/// A size that must be at least `least` and at most INT32_MAX.
template <class Config>
struct SizeOf {
  const char* name;
  std::int64_t Config::* member;
  std::int64_t least;
};

/// Sizes beyond their limits, in the Config that `config_of` finds in a Call.
template <class Call, class Config, class ConfigOf>
void expect_sizes_refused(const std::vector<SizeOf<Config>>& sizes, ConfigOf config_of) {
  for (const SizeOf<Config>& size : sizes) {
    for (std::int64_t value : {size.least - 1, INT64_MIN, INT64_MAX, std::int64_t{INT32_MAX} + 1}) {
      expect_all_refused<Call>(
          {{size.name, [&](Call& call) { config_of(call).*(size.member) = value; }}});
    }
  }
}

/// The sizes that convolutions and transposed ones have in common.
template <class Config>
std::vector<SizeOf<Config>> filter_sizes() {
  return {{"in_channels", &Config::in_channels, 1}, {"out_channels", &Config::out_channels, 1},
          {"kernel_h", &Config::kernel_h, 1},       {"kernel_w", &Config::kernel_w, 1},
          {"stride_h", &Config::stride_h, 1},       {"stride_w", &Config::stride_w, 1},
          {"dilation_h", &Config::dilation_h, 1},   {"dilation_w", &Config::dilation_w, 1},
          {"groups", &Config::groups, 1},           {"pad_top", &Config::pad_top, 0},
          {"pad_left", &Config::pad_left, 0},       {"pad_bottom", &Config::pad_bottom, 0},
          {"pad_right", &Config::pad_right, 0}};
}

/// A new Call is valid with the residual that `add` gives it, images or volumes, and with one that
/// does not fit is not. `epilogue_of` finds the Epilogue in a Call.
template <class Call, class Add, class EpilogueOf>
void expect_residuals_refused(Add add, EpilogueOf epilogue_of,
                              const std::vector<BreakOf<Call>>& more) {
  std::vector<BreakOf<Call>> breaks = {
      {"epilogue.residual.scale", [=](Call& c) { epilogue_of(c).residual->scale = 0; }},
      {"residual is given", [=](Call& c) { epilogue_of(c).residual.reset(); }},
      {"residual.data", [](Call& c) { c.residual.data = nullptr; }},
      {"residual.type", [](Call& c) { c.residual.type = DataType::kS8; }},
      {"residual.batch", [](Call& c) { c.residual.batch -= 1; }},
      {"residual.height", [](Call& c) { c.residual.height -= 1; }},
      {"residual.width", [](Call& c) { c.residual.width -= 1; }},
      {"residual.channels", [](Call& c) { c.residual.channels -= 1; }},
      {"residual.pixel_stride", [](Call& c) { c.residual.pixel_stride -= 1; }},
      {"residual.row_stride", [](Call& c) { c.residual.row_stride -= 1; }}};
  breaks.insert(breaks.end(), more.begin(), more.end());
  Call call;
  add(call);
  EXPECT_TRUE(call.create_and_run().ok());
  for (const BreakOf<Call>& each : breaks)
    expect_all_refused<Call>({{each.argument, [&](Call& c) {
                                 add(c);
                                 each.apply(c);
                               }}});
}

}  // namespace octet::test
