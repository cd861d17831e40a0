/// Where Google Benchmark's results go.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <fstream>
#include <memory>
#include <string>

namespace octet::bench {

/// Receives the results of several calls of RunSpecifiedBenchmarks as those of one: Google
/// Benchmark interleaves what it runs in one call, and a shape is to alternate with itself alone.
/// The console shows medians, the file has everything.
class SessionReporter final : public benchmark::BenchmarkReporter {
 public:
  /// Formats: "console" or "json". `file` may be empty. Throws std::runtime_error.
  SessionReporter(const std::string& format, const std::string& file,
                  const std::string& file_format, std::size_t longest_name);

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  /// After the last call.
  void finish();

 private:
  std::size_t longest_name_;
  bool has_begun_ = false;
  bool medians_only_;
  std::unique_ptr<BenchmarkReporter> display_, file_;
  std::ofstream stream_;
};

}  // namespace octet::bench
