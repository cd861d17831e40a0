/// What a refusal must look like.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

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

}  // namespace octet::test
