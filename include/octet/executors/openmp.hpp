/// octet's tasks on OpenMP's threads. Include it in a file that is compiled with OpenMP.
#pragma once

#include <omp.h>

#include "octet/executor.hpp"

namespace octet {

class OpenMpExecutor final : public Executor {
 public:
  /// 0: as many as OpenMP would use by itself at the time of construction.
  explicit OpenMpExecutor(int threads = 0)
      : threads_(threads > 0 ? threads : omp_get_max_threads()) {}

  int threads() const noexcept override { return threads_; }

  void parallel_for(std::int64_t count, void (*task)(void* context, std::int64_t i),
                    void* context) override {
#pragma omp parallel for num_threads(threads_) schedule(static, 1)
    for (std::int64_t i = 0; i < count; ++i) task(context, i);
  }

 private:
  int threads_;
};

}  // namespace octet
