/// Runs the tasks of a call on the caller's threads.
#pragma once

#include <cstdint>

#include "dispatch/schedule.hpp"
#include "octet/executor.hpp"

namespace octet {

/// What an executor says of itself, with nonsense made harmless.
inline Threads threads_of(const Executor* executor) {
  const int count = executor == nullptr ? 1 : executor->threads();
  if (count <= 1) return {};
  const double start_us = executor->start_us();
  return {count, start_us > 0 ? start_us : 0};
}

/// task(i) for i in [0, count): on this thread if there is only one, else through the executor.
template <class Task>
void run_tasks(Executor* executor, std::int64_t count, const Task& task) {
  if (count == 1) return task(0);
  if (executor == nullptr) {
    for (std::int64_t i = 0; i < count; ++i) task(i);
    return;
  }
  executor->parallel_for(
      count, [](void* context, std::int64_t i) { (*static_cast<const Task*>(context))(i); },
      const_cast<Task*>(&task));
}

}  // namespace octet
