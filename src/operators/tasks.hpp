/// Runs the tasks of a call on the caller's threads.
#pragma once

#include <cstdint>

#include "octet/executor.hpp"

namespace octet {

inline int threads_of(const Executor* executor) {
  const int threads = executor == nullptr ? 1 : executor->threads();
  return threads < 1 ? 1 : threads;
}

/// task(i) for i in [0, count): on this thread if there is only one, else through the executor.
template <class Task>
void run_tasks(Executor* executor, std::int64_t count, const Task& task) {
  if (executor == nullptr || count <= 1) {
    for (std::int64_t i = 0; i < count; ++i) task(i);
    return;
  }
  executor->parallel_for(
      count, [](void* context, std::int64_t i) { (*static_cast<const Task*>(context))(i); },
      const_cast<Task*>(&task));
}

}  // namespace octet
