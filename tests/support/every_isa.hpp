/// Tests once for each ISA that this build of octet holds.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "octet/isa.hpp"
#include "support/random.hpp"

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

/// `each(random)` for `sweep_count(base)` cases, until one fails. Case i has the seed first_seed()
/// + i, which its failures name.
template <class Each>
void random_sweep(int base, Each each) {
  const std::uint64_t seed = first_seed();
  const int count = sweep_count(base);
  std::cout << "seeds " << seed << " to " << seed + static_cast<std::uint64_t>(count) - 1 << '\n';
  for (int i = 0; i < count && !testing::Test::HasFailure(); ++i) {
    const std::uint64_t case_seed = seed + static_cast<std::uint64_t>(i);
    const CaseScope scope("OCTET_TEST_SEED=" + std::to_string(case_seed));
    Random random(case_seed);
    each(random);
  }
}

}  // namespace octet::test
