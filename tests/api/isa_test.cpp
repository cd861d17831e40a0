// Which ISA is chosen, and what is said where none can be.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>

#include "api/refusals.hpp"

namespace octet::test {
namespace {

/// OCTET_MAX_ISA for as long as this lives; null unsets it.
class MaxIsa {
 public:
  explicit MaxIsa(const char* value) {
    if (const char* old = std::getenv(kName)) before_ = old;
    set(value);
  }
  ~MaxIsa() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static constexpr const char* kName = "OCTET_MAX_ISA";
  static void set(const char* value) {
    if (value == nullptr) {
      unsetenv(kName);
    } else {
      setenv(kName, value, 1);
    }
  }
  std::optional<std::string> before_;
};

std::string chosen_for(std::string_view max_isa) {
  std::string_view chosen;
  const Status status = choose_isa(max_isa, chosen);
  EXPECT_TRUE(status.ok()) << status.message();
  return std::string(chosen);
}

void expect_lists_supported_isas(const Status& status) {
  for (const IsaInfo& info : isas()) {
    if (info.supported) expect_refused(status, info.name, StatusCode::kUnsupported);
  }
}

TEST(Isa, AllAreNamedOnceAndScalarIsLastAndSupported) {
  std::set<std::string_view> names;
  for (const IsaInfo& info : isas()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GE(info.tile_rows, 1) << info.name;
    EXPECT_GE(info.tile_columns, 1) << info.name;
  }
  ASSERT_FALSE(isas().empty());
  EXPECT_EQ(isas().back().name, "scalar");
  EXPECT_TRUE(isas().back().supported);
}

TEST(Isa, TheBestSupportedOneIsChosen) {
  const MaxIsa none(nullptr);
  const auto best = std::ranges::find_if(isas(), &IsaInfo::supported);
  EXPECT_EQ(chosen_for(""), best->name);
}

TEST(Isa, IsWhatTheEnvironmentExpects) {
  const char* expected = std::getenv("OCTET_EXPECT_ISA");
  if (expected == nullptr) GTEST_SKIP() << "OCTET_EXPECT_ISA is not set";
  EXPECT_EQ(chosen_for(""), expected);
}

TEST(Isa, EachSupportedOneCanBeAskedFor) {
  const MaxIsa none(nullptr);
  for (const IsaInfo& info : isas()) {
    std::string_view chosen = "unchanged";
    const Status status = choose_isa(info.name, chosen);
    if (info.supported) {
      EXPECT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(chosen, info.name);
    } else {
      expect_refused(status, info.name, StatusCode::kUnsupported);
      expect_lists_supported_isas(status);
    }
  }
}

TEST(Isa, UnknownNamesAreRefusedWithAList) {
  const MaxIsa none(nullptr);
  for (const char* name : {"abacus", "AVX2", "avx", "scalar ", "avx2,scalar"}) {
    std::string_view chosen;
    const Status status = choose_isa(name, chosen);
    expect_refused(status, name, StatusCode::kUnsupported);
    expect_lists_supported_isas(status);
  }
}

TEST(Isa, NamesNeedNoTerminatorAndMayBeLong) {
  const MaxIsa none(nullptr);
  EXPECT_EQ(chosen_for(std::string_view("scalarized").substr(0, 6)), "scalar");
  std::string_view chosen;
  const Status status = choose_isa(std::string(100000, 'x'), chosen);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  expect_lists_supported_isas(status);
}

TEST(Isa, TheEnvironmentCapsTheChoice) {
  for (const IsaInfo& cap : isas()) {
    if (!cap.supported) continue;
    const MaxIsa capped(std::string(cap.name).c_str());
    EXPECT_EQ(chosen_for(""), cap.name);
    bool below_cap = false;
    for (const IsaInfo& asked : isas()) {
      below_cap = below_cap || asked.name == cap.name;
      if (!asked.supported) continue;
      EXPECT_EQ(chosen_for(asked.name), below_cap ? asked.name : cap.name);
    }
  }
}

TEST(Isa, ACapThatTheCpuLacksIsAnErrorThatSaysSo) {
  for (const IsaInfo& info : isas()) {
    if (info.supported) continue;
    const MaxIsa lacking(std::string(info.name).c_str());
    std::string_view chosen;
    const Status status = choose_isa("", chosen);
    expect_refused(status, "OCTET_MAX_ISA", StatusCode::kUnsupported);
    expect_refused(status, info.name, StatusCode::kUnsupported);
    expect_lists_supported_isas(status);

    const std::int8_t rhs[4] = {1, 2, 3, 4};
    Gemm gemm;
    expect_refused(Gemm::create({}, const_matrix(rhs, 2, 2), gemm), "OCTET_MAX_ISA",
                   StatusCode::kUnsupported);
  }
}

TEST(Isa, TheEnvironmentIsReadAtEveryCreate) {
  const std::int8_t rhs[4] = {1, 2, 3, 4};
  Gemm gemm;
  {
    const MaxIsa scalar("scalar");
    ASSERT_TRUE(Gemm::create({}, const_matrix(rhs, 2, 2), gemm).ok());
    EXPECT_EQ(gemm.isa(), "scalar");
  }
  const MaxIsa none(nullptr);
  ASSERT_TRUE(Gemm::create({}, const_matrix(rhs, 2, 2), gemm).ok());
  EXPECT_EQ(gemm.isa(), chosen_for(""));
}

TEST(Isa, AnInvalidEnvironmentIsAnErrorThatSaysSo) {
  const MaxIsa invalid("abacus");
  std::string_view chosen;
  const Status status = choose_isa("", chosen);
  expect_refused(status, "OCTET_MAX_ISA", StatusCode::kUnsupported);
  expect_refused(status, "abacus", StatusCode::kUnsupported);
  expect_lists_supported_isas(status);

  const std::int8_t rhs[4] = {1, 2, 3, 4};
  Gemm gemm;
  expect_refused(Gemm::create({}, const_matrix(rhs, 2, 2), gemm), "OCTET_MAX_ISA",
                 StatusCode::kUnsupported);
}

TEST(Isa, AnEmptyEnvironmentVariableIsNone) {
  const MaxIsa empty("");
  EXPECT_NE(chosen_for(""), "");
}

TEST(Isa, CpuFeaturesHaveNames) {
  std::set<std::string_view> names;
  for (const CpuFeature& feature : cpu_features()) {
    EXPECT_FALSE(feature.name.empty());
    EXPECT_TRUE(names.insert(feature.name).second) << feature.name;
  }
}

}  // namespace
}  // namespace octet::test
