#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace octet::bench {
namespace {

/// CPU time of this thread if it works alone, else wall time.
double seconds(int threads) {
  if (threads == 1) {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// Of one thread, per second: the best of a few runs of 0.1 ms and more.
double dot_peak(const Setting& setting) {
  const auto run = [&](std::int64_t iterations, double& elapsed) {
    const double start = seconds(setting.threads);
    const auto ops = static_cast<double>(setting.kernels->dot_peak(iterations));
    elapsed = seconds(setting.threads) - start;
    return ops / elapsed;
  };
  double elapsed = 0, best = 0;
  std::int64_t iterations = 1024;
  while (run(iterations, elapsed), elapsed < 1e-4) iterations *= 2;
  for (int i = 0; i < 5; ++i) best = std::max(best, run(iterations, elapsed));
  return best;
}

}  // namespace

void measure(benchmark::State& state, Operator& op, void* out, const Work& work,
             const Setting& setting, void (*prepare)()) {
  const double peak = dot_peak(setting) * setting.threads;
  op.run(out);
  double elapsed = 0;
  if (prepare == nullptr) {
    const double start = seconds(setting.threads);
    for (auto _ : state) op.run(out);
    elapsed = seconds(setting.threads) - start;
  } else {
    for (auto _ : state) {
      prepare();
      const double start = seconds(setting.threads);
      op.run(out);
      elapsed += seconds(setting.threads) - start;
    }
  }
  const double runs_per_second = static_cast<double>(state.iterations()) / elapsed;
  state.SetLabel(op.kernel());
  state.counters["seconds"] = 1 / runs_per_second;
  state.counters["bytes"] = work.bytes * runs_per_second;
  if (work.ops == 0) return;
  state.counters["ops"] = work.ops * runs_per_second;
  state.counters["peak"] = peak;
  state.counters["share_of_peak"] = work.ops * runs_per_second / peak;
}

}  // namespace octet::bench
