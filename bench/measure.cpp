#include "measure.hpp"

#include <chrono>
#include <ctime>

#include "dispatch/dot_peak.hpp"

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

}  // namespace

void measure(benchmark::State& state, Operator& op, void* out, const Work& work,
             const Setting& setting, void (*prepare)()) {
  const double peak = measure_dot_peak(*setting.kernels, [&] { return seconds(setting.threads); }) *
                      setting.threads;
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
