// octet_validate: octet's results beside oneDNN's, from the same buffers.
//
// s32 results must be equal, 8-bit ones too with power-of-two scales; with other scales they may be
// one apart where the exact value lies next to a rounding tie. Where they are not, the exact sums
// decide. oneDNN always runs at its best, whatever --isa says: below VNNI it saturates.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "compare.hpp"
#include "octet/isa.hpp"
#include "problem.hpp"

namespace octet::bench {
namespace {

struct Options {
  std::string suite, shapes, isa, config;
  int threads = 1;
  double scalar_gops = 0.25;
};

struct Totals {
  std::int64_t problems = 0;
  std::int64_t differ = 0;
  std::int64_t with_ties = 0, ties = 0;
  std::int64_t onednn_wrong = 0;
  std::int64_t refused = 0;
};

/// The ISAs to run: the one that `isa` leads to, or for "all" each that the CPU supports.
std::vector<std::string> isas_to_run(const std::string& isa) {
  if (isa != "all") return {chosen_isa(isa)};
  std::vector<std::string> names;
  for (const IsaInfo& info : isas()) {
    if (!info.supported) continue;
    const std::string name = chosen_isa(std::string(info.name));  // OCTET_MAX_ISA may lower it
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::string count_of(std::int64_t part, std::int64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string verdict_on(const Comparison& result, const std::string& refusal) {
  const std::string judged =
      result.judged < result.apart ? " (" + std::to_string(result.judged) + " were judged)" : "";
  if (result.octet_wrong > 0) {
    return "DIFFERS from the exact result in " + count_of(result.octet_wrong, result.judged) +
           " outputs judged: " + result.first_wrong;
  }
  if (!refusal.empty()) {
    return "exact in the " + count_of(result.judged, result.compared) +
           " outputs judged; oneDNN refuses: " + refusal;
  }
  if (result.onednn_wrong > 0) {
    return "exact; oneDNN differs from the exact result in " +
           count_of(result.apart - result.ties, result.compared) + " outputs" + judged + ": " +
           result.first_wrong;
  }
  if (result.ties > 0) {
    return "equal, but for " + count_of(result.apart, result.compared) +
           " one apart at rounding ties" + judged;
  }
  return "equal";
}

/// Compares one layer in one configuration on every ISA; a line for each.
void validate(const Layer& layer, const Config& config, const std::vector<std::string>& isas,
              const Options& options, Executor* executor, Totals& totals) {
  constexpr std::byte kPoison{0xA5};  // what a kernel forgets to write must not look right
  const std::unique_ptr<Problem> problem = layer.problem(config);
  Buffer theirs(problem->out_bytes(problem->rows()), kPoison);
  std::string refusal;
  const std::unique_ptr<Operator> onednn = problem->onednn(&refusal);
  if (onednn) onednn->run(theirs.data());

  Buffer judged;  // The last result that was judged, whole, and the verdict on it.
  Comparison result;
  for (const std::string& isa : isas) {
    const bool limited = isa == "scalar" && options.scalar_gops > 0;
    const std::int64_t rows =
        limited ? problem->rows_within(options.scalar_gops * 1e9) : problem->rows();
    Buffer ours(problem->out_bytes(rows), kPoison);
    problem->octet(isa, rows, executor)->run(ours.data());
    if (ours != judged) {
      result = compare(*problem, rows, ours.data(), onednn ? theirs.data() : nullptr);
      judged = std::move(ours);
    }
    std::string verdict = verdict_on(result, refusal);
    if (rows < problem->rows())
      verdict += "; only the first " + count_of(rows, problem->rows()) + " rows";
    std::printf("%-24s %-13s %-12s %s\n", layer.name.c_str(), std::string(config.name).c_str(),
                isa.c_str(), verdict.c_str());
    ++totals.problems;
    totals.differ += result.octet_wrong > 0;
    totals.with_ties += result.ties > 0;
    totals.ties += result.ties;
    totals.onednn_wrong += result.octet_wrong == 0 && result.onednn_wrong > 0;
    totals.refused += !onednn;
  }
}

Totals validate_all(const Options& options) {
  const std::vector<Layer> layers = read_layers(options.suite, options.shapes);
  const std::vector<std::string> isas = isas_to_run(options.isa);
  onednn::set_threads(1);  // the reference: with more, 3.6 is wrong where it splits K
  const std::unique_ptr<Executor> executor = make_executor(options.threads);
  std::printf("octet on %d thread(s) beside oneDNN %s on one\n", options.threads,
              onednn::version().c_str());
  Totals totals;
  for (const Layer& layer : layers) {
    for (const Config& config : configs()) {
      const bool wanted = options.config.empty()
                              ? options.suite == "gemm" || config.suits_convolutions()
                              : config.name == options.config;
      if (wanted) validate(layer, config, isas, options, executor.get(), totals);
    }
  }
  return totals;
}

void print(const Totals& totals) {
  const auto line = [](std::int64_t count, const char* what) {
    if (count > 0) std::printf("%lld %s\n", static_cast<long long>(count), what);
  };
  line(totals.ties, "outputs are one apart at rounding ties: not counted below");
  line(totals.refused, "problems that oneDNN refuses: octet was compared with exact sums alone");
  line(totals.onednn_wrong,
       "problems where oneDNN differs from the exact result and octet does not: not counted below");
  std::printf("%lld problems, %lld differ\n", static_cast<long long>(totals.problems),
              static_cast<long long>(totals.differ));
}

int run(int argc, char** argv) {
  Options options;
  std::vector<std::string> config_names;
  for (const Config& config : configs()) config_names.emplace_back(config.name);

  CLI::App app("Compares octet's results with oneDNN's, on the same random operands.");
  app.add_option("--suite", options.suite, "What the shapes are")
      ->required()
      ->check(CLI::IsMember({"gemm", "conv", "transposed", "network"}));
  app.add_option("--shapes", options.shapes, "CSV file, such as those in bench/shapes/")
      ->required();
  app.add_option("--isa", options.isa,
                 "The best that octet may use, or `all` one after the other; default: no limit");
  app.add_option("--config", options.config, "Only this one; default: all that oneDNN has")
      ->check(CLI::IsMember(config_names));
  app.add_option("--threads", options.threads, "octet's, by OpenMP; oneDNN has one")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option(
         "--scalar-gops", options.scalar_gops,
         "Limit of 10^9 operations per problem for the slow scalar ISA, which then computes "
         "the first rows alone; 0: none")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.footer("Exit status: 0 all equal, 1 octet differs, 2 the call or the file is wrong.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Totals totals = validate_all(options);
  print(totals);
  return totals.differ == 0 ? 0 : 1;
}

}  // namespace
}  // namespace octet::bench

int main(int argc, char** argv) {
  try {
    return octet::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "octet_validate: %s\n", error.what());
    return 2;
  }
}
