/// octet's tasks on OpenMP's threads. Include it in a file that is compiled with OpenMP.
#pragma once

#include <omp.h>

#include <cstdlib>

#include "octet/executor.hpp"

namespace octet {

class OpenMpExecutor final : public Executor {
 public:
  /// 0: as many as OpenMP would use by itself at the time of construction.
  explicit OpenMpExecutor(int threads = 0) : OpenMpExecutor(threads, 0) {
    start_us_ = spins(threads_) ? 3 : Executor::start_us();
  }
  /// Where calls are rarer than every few milliseconds, `start_us` is rather 15.
  OpenMpExecutor(int threads, double start_us)
      : threads_(threads > 0 ? threads : omp_get_max_threads()), start_us_(start_us) {}

  int threads() const noexcept override { return threads_; }
  double start_us() const noexcept override { return start_us_; }

  void parallel_for(std::int64_t count, void (*task)(void* context, std::int64_t i),
                    void* context) override {
#pragma omp parallel for num_threads(threads_) schedule(static, 1)
    for (std::int64_t i = 0; i < count; ++i) task(context, i);
  }

 private:
  /// Whether OpenMP's threads spin for some milliseconds after a call, as they do unless they are
  /// too many or told not to.
  static bool spins(int threads) {
    const char* policy = std::getenv("OMP_WAIT_POLICY");
    const bool passive = policy != nullptr && (*policy == 'p' || *policy == 'P');
    return !passive && threads <= omp_get_num_procs();
  }

  int threads_;
  double start_us_;
};

}  // namespace octet
