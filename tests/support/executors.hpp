/// Executors for tests: real threads, and hostile but legal orders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

#include "octet/executor.hpp"

namespace octet::test {

/// Counts tasks: what was never cut into several says nothing about threads.
class CountingExecutor : public Executor {
 public:
  explicit CountingExecutor(int threads, double start_us = 15)
      : threads_(threads), start_us_(start_us) {}
  int threads() const noexcept override { return threads_; }
  double start_us() const noexcept override { return start_us_; }

  /// Of the call with the most.
  std::int64_t most_tasks() const { return most_tasks_; }

 protected:
  void count_tasks(std::int64_t count) { most_tasks_ = std::max(most_tasks_, count); }

 private:
  int threads_;
  double start_us_;
  std::int64_t most_tasks_ = 0;
};

/// Starts `threads` threads for every call. They begin together and share nothing afterwards, so
/// that tasks do overlap, and that the thread sanitizer sees no order between them.
class ThreadExecutor final : public CountingExecutor {
 public:
  using CountingExecutor::CountingExecutor;

  void parallel_for(std::int64_t count, void (*task)(void*, std::int64_t), void* context) override {
    count_tasks(count);
    const std::int64_t workers = std::min<std::int64_t>(threads(), count);
    std::latch begin(workers);
    std::vector<std::jthread> pool;
    for (std::int64_t t = 0; t < workers; ++t) {
      pool.emplace_back([&begin, t, workers, count, task, context] {
        begin.arrive_and_wait();
        for (std::int64_t i = t; i < count; i += workers) task(context, i);
      });
    }
  }
};

/// Promises many threads, but runs the tasks one after the other on the calling one, last first.
class ReversedExecutor final : public CountingExecutor {
 public:
  using CountingExecutor::CountingExecutor;

  void parallel_for(std::int64_t count, void (*task)(void*, std::int64_t), void* context) override {
    count_tasks(count);
    for (std::int64_t i = count - 1; i >= 0; --i) task(context, i);
  }
};

}  // namespace octet::test
