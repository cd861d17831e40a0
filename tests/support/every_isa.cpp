#include "support/every_isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include "support/guarded_buffer.hpp"

namespace octet::test {
namespace {

std::set<std::string> isas_run, isas_skipped;

/// The names that an environment variable lists, separated by commas.
std::set<std::string> names_in(const char* variable) {
  std::set<std::string> names;
  const char* list = std::getenv(variable);
  std::istringstream stream(list ? list : "");
  for (std::string name; std::getline(stream, name, ',');) {
    if (!name.empty()) names.insert(name);
  }
  return names;
}

std::set<std::string> required_isas() { return names_in("OCTET_REQUIRE_ISAS"); }

/// Empty if kernels of this ISA can and shall run here, or why not.
std::string why_not(const std::string& isa) {
  const std::set<std::string> wanted = names_in("OCTET_TEST_ISAS");
  if (!wanted.empty() && !wanted.contains(isa)) return "OCTET_TEST_ISAS leaves it out";
  std::string_view chosen;
  const Status status = choose_isa(isa, chosen);
  if (!status.ok()) return std::string(status.message());
  return chosen == isa ? "" : "OCTET_MAX_ISA caps it to " + std::string(chosen);
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

/// Checks OCTET_REQUIRE_ISAS even where no ISA's test is run, and says at the end what ran.
class IsaSummary : public testing::Environment {
 public:
  void SetUp() override {
    for (const auto& isa : required_isas()) {
      const std::string reason = why_not(isa);
      if (!reason.empty()) ADD_FAILURE() << "OCTET_REQUIRE_ISAS: " << isa << ": " << reason;
    }
  }
  void TearDown() override {
    if (isas_run.empty() && isas_skipped.empty()) return;
    std::cout << "ISAs run: " << joined(isas_run) << "; skipped: " << joined(isas_skipped)
              << std::endl;
  }
};

}  // namespace

void OnEveryIsa::SetUp() {
  const std::string reason = why_not(isa());
  if (reason.empty()) {
    isas_run.insert(isa());
    return;
  }
  isas_skipped.insert(isa());
  if (required_isas().contains(isa())) {
    FAIL() << "OCTET_REQUIRE_ISAS: " << isa() << ": " << reason;
  }
  GTEST_SKIP() << isa() << " skipped: " << reason;
}

const IsaInfo& OnEveryIsa::info() const {
  return *std::ranges::find_if(isas(), [&](const IsaInfo& info) { return info.name == isa(); });
}

std::vector<std::string> every_isa() {
  std::vector<std::string> names;
  for (const IsaInfo& info : isas()) names.emplace_back(info.name);
  return names;
}

std::string isa_suffix(const testing::TestParamInfo<std::string>& info) { return info.param; }

std::vector<std::int64_t> around(std::initializer_list<std::int64_t> edges) {
  std::set<std::int64_t> sizes;
  for (std::int64_t edge : edges) sizes.insert({edge - 1, edge, edge + 1});
  sizes.erase(sizes.begin(), sizes.lower_bound(1));
  return {sizes.begin(), sizes.end()};
}

CaseScope::CaseScope(const std::string& text) : trace_(__FILE__, __LINE__, text) {
  set_crash_context(text.c_str());
}

CaseScope::~CaseScope() { set_crash_context("no case in particular"); }

}  // namespace octet::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  octet::test::install_crash_report();
  testing::AddGlobalTestEnvironment(new octet::test::IsaSummary);
  return RUN_ALL_TESTS();
}
