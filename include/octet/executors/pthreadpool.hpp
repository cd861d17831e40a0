/// octet's tasks on the threads of pthreadpool. Link `pthreadpool`.
#pragma once

#include <pthreadpool.h>

#include "octet/executor.hpp"

namespace octet {

class PthreadpoolExecutor final : public Executor {
 public:
  /// `pool` is the caller's and outlives this object; null: the calling thread alone. Callers at
  /// the same time take turns. Not to be used from inside a task of the same pool, which would wait
  /// for itself. The threads spin for milliseconds after a call; where calls are rarer, `start_us`
  /// is rather 15.
  explicit PthreadpoolExecutor(pthreadpool_t pool, double start_us = 3)
      : pool_(pool), start_us_(start_us) {}

  int threads() const noexcept override {
    return static_cast<int>(pthreadpool_get_threads_count(pool_));
  }
  double start_us() const noexcept override { return start_us_; }

  void parallel_for(std::int64_t count, void (*task)(void* context, std::int64_t i),
                    void* context) override {
    Tasks tasks = {task, context};
    // No flags: octet's results need the denormals that pthreadpool could turn off.
    pthreadpool_parallelize_1d(
        pool_,
        [](void* all, std::size_t i) {
          const auto& [function, argument] = *static_cast<const Tasks*>(all);
          function(argument, static_cast<std::int64_t>(i));
        },
        &tasks, static_cast<std::size_t>(count), 0);
  }

 private:
  struct Tasks {
    void (*function)(void* context, std::int64_t i);
    void* context;
  };
  pthreadpool_t pool_;
  double start_us_;
};

}  // namespace octet
