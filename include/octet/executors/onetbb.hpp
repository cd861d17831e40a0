/// octet's tasks on oneTBB's threads. Link `TBB::tbb`.
#pragma once

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

#include "octet/executor.hpp"

namespace octet {

class OneTbbExecutor final : public Executor {
 public:
  /// `arena` is the caller's and outlives this object. Any number of threads may use both at the
  /// same time, tasks of the arena included. Its threads look for work for a moment after a call;
  /// where calls are rarer than every 20 us or so, `start_us` is rather 15.
  explicit OneTbbExecutor(oneapi::tbb::task_arena& arena, double start_us = 5)
      : arena_(arena), threads_(arena.max_concurrency()), start_us_(start_us) {}

  int threads() const noexcept override { return threads_; }
  double start_us() const noexcept override { return start_us_; }

  void parallel_for(std::int64_t count, void (*task)(void* context, std::int64_t i),
                    void* context) override {
    arena_.execute([=] {
      // Isolated: a thread that waits here for octet's tasks takes up no other work of the arena.
      oneapi::tbb::this_task_arena::isolate([=] {
        oneapi::tbb::parallel_for(
            std::int64_t{0}, count, [=](std::int64_t i) { task(context, i); },
            oneapi::tbb::simple_partitioner());
      });
    });
  }

 private:
  oneapi::tbb::task_arena& arena_;
  int threads_;
  double start_us_;
};

}  // namespace octet
