/// OCTET_VERBOSE=1: what octet does, a line on stderr for each create and run.
#pragma once

#include <atomic>
#include <cstdint>

#include "dispatch/schedule.hpp"
#include "octet/explain.hpp"

namespace octet {

/// 0: off; 1: on; -1: the environment has not been asked yet.
extern std::atomic<int> verbose_state;
bool ask_for_verbose();
inline bool is_verbose() {
  const int state = verbose_state.load(std::memory_order_relaxed);
  return state != 0 && (state > 0 || ask_for_verbose());
}

/// One call of the caller's, from here on; explain() gives its Explanation. Where octet is not
/// verbose it costs a test of a flag.
class VerboseCall {
 public:
  VerboseCall() : begin_(is_verbose() ? now() : -1) {}
  template <class Explain>
  void end_create(const Explain& explain) const {
    if (begin_ < 0) [[likely]]
      return;
    const double seconds = now() - begin_;
    print_create(explain(), seconds);
  }
  template <class Explain>
  void end_run(const Explain& explain) const {
    if (begin_ < 0) [[likely]]
      return;
    const double seconds = now() - begin_;
    print_run(explain(), seconds);
  }

 private:
  static double now();  ///< Seconds, 0 or more.
  static void print_create(const Explanation& explanation, double seconds);
  static void print_run(const Explanation& explanation, double seconds);
  double begin_;
};

/// printf-style; text beyond the buffer is cut.
[[gnu::format(printf, 2, 3)]] void set_shape(Explanation& explanation, const char* format, ...);

/// The threads and what they cost.
void explain_threads(Explanation& explanation, const Threads& threads);

/// What the sizes of a call say: tiles, panels and tasks.
void explain_work(Explanation& explanation, const WorkSize& work, const Threads& threads);

}  // namespace octet
