/// The caller's threads and memory, as octet borrows them for one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace octet {

/// Runs octet's tasks on the caller's threads. octet starts no thread of its own. Implement it
/// over the engine's pool, or take an adapter from `octet/executors/`.
class Executor {
 public:
  virtual ~Executor() = default;

  /// How many tasks can run at the same time: how finely octet splits its work. At least 1.
  virtual int threads() const noexcept = 0;

  /// What `parallel_for` costs by itself, in microseconds: the time of a call with a task for each
  /// thread less that of one task, where calls follow each other as the layers of a network do.
  /// Work that would gain less stays on the calling thread; results never depend on it. Threads
  /// that spin between calls need 1 to 3. The default is for threads that sleep, which need 10 to
  /// 20: too low an answer makes small layers slower than on one thread, too high a one leaves
  /// them there.
  virtual double start_us() const noexcept { return 15; }

  /// Calls `task(context, i)` once for every i in [0, count), in any order and on any thread, and
  /// returns when all calls have returned. `task` does not throw.
  virtual void parallel_for(std::int64_t count, void (*task)(void* context, std::int64_t i),
                            void* context) = 0;
};

/// What one run may use besides its operands.
struct Resources {
  /// Bytes that the run may overwrite, of any alignment, at least what `scratch_bytes` says. Not
  /// shared with another run at the same time; nothing in it outlives the call.
  std::span<std::byte> scratch = {};
  Executor* executor = nullptr;  ///< Null: everything on the calling thread.
};

}  // namespace octet
