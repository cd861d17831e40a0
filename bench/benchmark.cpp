// octet_bench: octet's speed beside oneDNN's, shape by shape.
//
// The two sides of a shape run alternately, several times each, so that both see the same machine;
// bench/report makes a table of the medians.
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "dispatch/registry.hpp"
#include "measure.hpp"
#include "octet/isa.hpp"
#include "reporters.hpp"

namespace octet::bench {
namespace {

struct Options {
  std::string suite, shapes, isa;
  std::string config = "u8s8_s8";
  int threads = 1;
  // Google Benchmark's own, which it cannot serve here.
  std::string format = "console", out, out_format = "json";
};

/// Takes `--NAME=VALUE` out of `args`, the last one if there are several.
void take(std::vector<std::string>& args, const std::string& name, std::string& value) {
  const std::string prefix = "--" + name + "=";
  std::erase_if(args, [&](const std::string& arg) {
    const bool found = arg.starts_with(prefix);
    if (found) value = arg.substr(prefix.size());
    return found;
  });
}

/// False if the program is to end, with `*exit_status`. What CLI11 does not know is for Google
/// Benchmark, behind defaults that it may change.
bool parse(int argc, char** argv, Options& options, int* exit_status) {
  std::vector<std::string> config_names;
  for (const Config& config : configs()) config_names.emplace_back(config.name);
  CLI::App app("Measures octet beside oneDNN, interleaved, in one process.");
  app.add_option("--suite", options.suite, "What the shapes are")
      ->required()
      ->check(
          CLI::IsMember({"gemm", "conv", "transposed", "network", "dynamic", "quantize", "pool"}));
  app.add_option("--shapes", options.shapes, "CSV file, such as those in bench/shapes/")
      ->required();
  app.add_option("--threads", options.threads, "For both, by OpenMP")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--isa", options.isa, "The best that octet and oneDNN may use; default: no limit");
  app.add_option("--config", options.config,
                 "Types and zero points, of all suites but dynamic and quantize")
      ->capture_default_str()
      ->check(CLI::IsMember(config_names));
  app.footer(
      "Further flags are Google Benchmark's: --benchmark_filter=REGEX, --benchmark_repetitions=N\n"
      "(default 15), --benchmark_min_time=SECONDS (default 0.02), --benchmark_out=FILE.json, ...\n"
      "For the many layers of whole networks the defaults are 7 and 0.005.\n"
      "CPU affinity is the caller's: taskset -c 0 octet_bench ...\n"
      "Exit status: 0, 1 octet is wrong, 2 the call or the file is wrong.");
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_status = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  std::vector<std::string> args = app.remaining();
  take(args, "benchmark_format", options.format);
  take(args, "benchmark_out", options.out);
  take(args, "benchmark_out_format", options.out_format);
  const bool many = options.suite == "network";
  args.insert(args.begin(), {many ? "--benchmark_min_time=0.005" : "--benchmark_min_time=0.02",
                             many ? "--benchmark_repetitions=7" : "--benchmark_repetitions=15",
                             "--benchmark_enable_random_interleaving=true"});
  std::vector<char*> pointers = {argv[0]};
  for (std::string& arg : args) pointers.push_back(arg.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  *exit_status = 2;
  return !benchmark::ReportUnrecognizedArguments(count, pointers.data());
}

std::vector<Entry> make_entries(const Options& options, Setting& setting) {
  std::vector<Entry> entries;
  if (options.suite == "quantize") {
    for (const ConversionShape& shape : read_conversion_shapes(options.shapes))
      entries.push_back(conversion_entry(shape, setting));
    return entries;
  }
  if (options.suite == "dynamic") {
    for (const DynamicShape& shape : read_dynamic_shapes(options.shapes)) {
      for (Entry& entry : dynamic_entries(shape, setting)) entries.push_back(std::move(entry));
    }
    return entries;
  }
  if (options.suite == "pool") {
    for (const PoolShape& shape : read_pool_shapes(options.shapes))
      entries.push_back(pool_entry(shape, setting));
    return entries;
  }
  const Config& config = *find_config(options.config);
  if (options.suite != "gemm" && !config.suits_convolutions())
    throw std::runtime_error("--config: oneDNN has no convolution with " + options.config);
  for (const Layer& layer : read_layers(options.suite, options.shapes))
    entries.push_back(layer_entry(layer, config, setting));
  return entries;
}

/// Lowers oneDNN to octet's ISA, if that is not the best that this CPU has.
void cap_onednn(const std::string& isa) {
  const auto all = isas();
  const auto best =
      std::find_if(all.begin(), all.end(), [](const IsaInfo& i) { return i.supported; });
  if (isa != best->name && !onednn::cap_isa(isa))
    throw std::runtime_error("oneDNN cannot be limited to the ISA " + isa);
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  }
  return "unknown";
}

/// What the report prints above its table.
void describe(const Options& options, const Setting& setting) {
  benchmark::AddCustomContext("suite", options.suite);
  benchmark::AddCustomContext("config", options.suite == "quantize"  ? ""
                                        : options.suite == "pool"    ? "u8"
                                        : options.suite == "dynamic" ? "u8s8_s8"
                                                                     : options.config);
  benchmark::AddCustomContext("threads", std::to_string(options.threads));
  benchmark::AddCustomContext("isa", setting.isa);
  benchmark::AddCustomContext("octet", OCTET_VERSION);
  benchmark::AddCustomContext("onednn", onednn::version());
  benchmark::AddCustomContext("cpu", cpu_name());
}

/// As --benchmark_filter means it: a leading '-' inverts.
bool passes_filter(const std::string& name) {
  std::string filter = benchmark::GetBenchmarkFilter();
  if (filter.empty() || filter == "all") return true;
  const bool inverted = filter.starts_with('-');
  if (inverted) filter.erase(0, 1);
  return std::regex_search(name, std::regex(filter)) != inverted;
}

/// Runs the sides of one shape alternately: Google Benchmark interleaves all that is registered.
void run(const std::string& suite, const Entry& entry, SessionReporter& reporter) {
  benchmark::ClearRegisteredBenchmarks();
  bool any = false;
  for (const Entry::Side& side : entry.sides) {
    const std::string name = suite + "/" + side.who + "/" + entry.shape;
    if (!passes_filter(name)) continue;
    benchmark::RegisterBenchmark(name.c_str(), side.run);
    any = true;
  }
  if (any) benchmark::RunSpecifiedBenchmarks(&reporter);
}

int run(int argc, char** argv) {
  Options options;
  int exit_status = 0;
  if (!parse(argc, argv, options, &exit_status)) return exit_status;

  Setting setting = {.isa = chosen_isa(options.isa), .threads = options.threads};
  for (const KernelTable* kernels : kernel_tables()) {
    if (setting.isa == kernels->name) setting.kernels = kernels;
  }
  cap_onednn(setting.isa);
  setting.has_onednn = onednn::version() != "none";
  if (!setting.has_onednn) std::fputs("Built without oneDNN: octet runs alone.\n", stderr);
  onednn::set_threads(options.threads);
  const std::unique_ptr<Executor> executor = make_executor(options.threads);
  setting.executor = executor.get();

  std::vector<Entry> entries = make_entries(options, setting);
  std::size_t longest = 0;
  for (const Entry& entry : entries) longest = std::max(longest, entry.shape.size());
  longest += options.suite.size() + std::string("/octet_prepacked/_median").size();
  SessionReporter reporter(options.format, options.out, options.out_format, longest);
  describe(options, setting);
  for (Entry& entry : entries) {
    run(options.suite, entry, reporter);
    benchmark::ClearRegisteredBenchmarks();
    entry.sides.clear();  // frees its operands
  }
  reporter.finish();
  return setting.octet_is_wrong ? 1 : 0;
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  try {
    return octet::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "octet_bench: %s\n", error.what());
    return 2;
  }
}
