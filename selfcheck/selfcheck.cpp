// octet_selfcheck: is octet exact on this machine, and how fast is it? Prints a report that can be
// sent to whoever has no such machine.
//
//   octet_selfcheck          some seconds
//   octet_selfcheck --quick  every speed from a single run: for emulators, where none means
//   anything
//
// Exit status: 0 exact, 1 not, 2 the call is wrong.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cases.hpp"
#include "dispatch/registry.hpp"

namespace octet::selfcheck {
namespace {

/// Of the results of all awkward cases, on any machine.
constexpr std::uint64_t kFingerprint = 0x6d1b05aaa51e80cb;

class Fingerprint {
 public:
  void add(std::span<const std::uint8_t> bytes) {  // FNV-1a
    for (const std::uint8_t byte : bytes) value_ = (value_ ^ byte) * 0x100000001b3u;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

/// Lines of /proc/cpuinfo that say what the cores are, each with how many have it. Empty where
/// there is no such file.
std::map<std::string, int> cores() {
  std::map<std::string, int> found;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    for (const char* key : {"model name", "CPU implementer", "CPU variant", "CPU part", "Hardware"})
      if (line.starts_with(key)) ++found[line];
  }
  return found;
}

void print_machine() {
  std::printf("octet %s, compiled by %s, %d bits\n", OCTET_VERSION, __VERSION__,
              static_cast<int>(8 * sizeof(void*)));
  for (const auto& [line, count] : cores()) std::printf("cores: %4d x %s\n", count, line.c_str());
  std::printf("CPU features:");
  for (const CpuFeature& feature : cpu_features())
    std::printf(" %s%s", feature.present ? "" : "no ", std::string(feature.name).c_str());
  std::string_view chosen;
  const bool ok = choose_isa("", chosen).ok();
  std::printf("\nISA chosen: %s\n", ok ? std::string(chosen).c_str() : "none");
}

/// Runs every case on every ISA, compares with scalar, and the whole with what other machines have.
bool check() {
  Fingerprint fingerprint;
  int results = 0, wrong = 0;
  const auto report = [&](const Case& c, std::string_view isa, std::string_view what) {
    ++wrong;
    std::printf("WRONG: %s, types %d x %d to %d, %s: %s\n", c.name, static_cast<int>(c.lhs_type),
                static_cast<int>(c.rhs_type), static_cast<int>(c.out_type),
                std::string(isa).c_str(), std::string(what).c_str());
  };
  for (const Case& c : awkward_cases()) {
    Call scalar(c, "scalar");
    if (!scalar.run()) report(c, "scalar", scalar.error());
    fingerprint.add(scalar.result());
    for (const IsaInfo& isa : isas()) {
      if (!isa.supported || isa.name == "scalar") continue;
      Call call(c, isa.name);
      if (!call.run()) {
        report(c, isa.name, call.error());
      } else if (!std::ranges::equal(call.result(), scalar.result())) {
        report(c, isa.name, "not what scalar computes");
      }
      ++results;
    }
  }
  const bool same = fingerprint.value() == kFingerprint;
  std::printf("exact: %d results, %d of them wrong; fingerprint %016" PRIx64 ", %s\n", results,
              wrong, fingerprint.value(), same ? "as on other machines" : "NOT AS EXPECTED");
  return wrong == 0 && same;
}

/// Operations per nanosecond, the median of some times; run() returns the operations it did.
template <class Run>
double speed(bool quick, const Run& run) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> speeds;
  for (int sample = 0; sample < (quick ? 1 : 9); ++sample) {
    const auto begin = Clock::now();
    double operations = 0, nanoseconds = 0;
    do {
      operations += run();
      nanoseconds = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    } while (!quick && nanoseconds < 1.5e7);
    speeds.push_back(operations / nanoseconds);
  }
  std::ranges::nth_element(speeds, speeds.begin() + static_cast<std::ptrdiff_t>(speeds.size() / 2));
  return speeds[speeds.size() / 2];
}

void print_speeds(bool quick) {
  std::vector<const KernelTable*> tables;
  for (const KernelTable* kernels : kernel_tables())
    if (is_supported(*kernels) && kernels->name != std::string_view("scalar"))
      tables.push_back(kernels);
  std::printf(
      "\nGOP/s on one thread (quantize: 10^9 elements), and percent of the dot products'\n");
  std::printf("speed on registers alone%s\n%-36s", quick ? "; --quick: they mean nothing" : "", "");
  for (const KernelTable* kernels : tables) std::printf("%18s", kernels->name);
  std::printf("\n%-36s", "registers alone");
  std::vector<double> peaks;
  for (const KernelTable* kernels : tables) {
    const std::int64_t iterations = quick ? 100 : 20000;
    peaks.push_back(
        speed(quick, [&] { return static_cast<double>(kernels->dot_peak(iterations)); }));
    std::printf("%11.2f       ", peaks.back());
  }
  for (const Case& c : typical_cases()) {
    const bool counts_products = c.work != Work::kQuantize;
    std::printf("\n%-36s", c.name);
    for (std::size_t i = 0; i < tables.size(); ++i) {
      Call call(c, tables[i]->name);
      const double found = speed(quick, [&] {
        call.run();
        return work_of(c) * (counts_products ? 2 : 1);
      });
      std::printf("%11.2f", found);
      if (counts_products) std::printf(" %4.0f %%", 100 * found / peaks[i]);
    }
    std::fflush(stdout);
  }
  std::printf("\n");
}

int run(int argc, char** argv) {
  const bool quick = argc == 2 && std::string_view(argv[1]) == "--quick";
  if (argc > 1 && !quick) {
    std::fprintf(stderr, "usage: octet_selfcheck [--quick]\n");
    return 2;
  }
  print_machine();
  const bool exact = check();
  print_speeds(quick);
  return exact ? 0 : 1;
}

}  // namespace
}  // namespace octet::selfcheck

int main(int argc, char** argv) { return octet::selfcheck::run(argc, argv); }
