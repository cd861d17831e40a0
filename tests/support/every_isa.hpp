/// Tests once for each ISA that this build of octet holds.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "octet/isa.hpp"

namespace octet::test {

/// An ISA's name is the test's parameter. Without that ISA the test is skipped by name, or fails if
/// OCTET_REQUIRE_ISAS lists it.
class OnEveryIsa : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;

  const std::string& isa() const { return GetParam(); }
  const IsaInfo& info() const;
};

std::vector<std::string> every_isa();
std::string isa_suffix(const testing::TestParamInfo<std::string>& info);

/// {edge - 1, edge, edge + 1}, and what is below 1 left out, for each of `edges`; no value twice.
std::vector<std::int64_t> around(std::initializer_list<std::int64_t> edges);

#define OCTET_ON_EVERY_ISA(suite)                                                \
  INSTANTIATE_TEST_SUITE_P(, suite, testing::ValuesIn(octet::test::every_isa()), \
                           octet::test::isa_suffix)

/// Names the case in failures and in crash reports, for as long as it lives.
class CaseScope {
 public:
  explicit CaseScope(const std::string& text);
  ~CaseScope();

 private:
  testing::ScopedTrace trace_;
};

}  // namespace octet::test
