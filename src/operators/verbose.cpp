#include "operators/verbose.hpp"

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "dispatch/dot_peak.hpp"
#include "dispatch/registry.hpp"

namespace octet {

std::atomic<int> verbose_state = -1;

bool ask_for_verbose() {
  const char* value = std::getenv("OCTET_VERBOSE");
  const bool on = value != nullptr && *value != '\0' && std::string_view(value) != "0";
  verbose_state.store(on ? 1 : 0, std::memory_order_relaxed);
  return on;
}

namespace {

double seconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// Of one thread, measured at the first use of each ISA. Two threads may both measure it.
double dot_peak_of(std::string_view isa) {
  constexpr std::size_t kMostIsas = 16;
  static std::atomic<double> peaks[kMostIsas] = {};
  const auto tables = kernel_tables();
  for (std::size_t i = 0; i < tables.size() && i < kMostIsas; ++i) {
    if (isa != tables[i]->name) continue;
    double peak = peaks[i].load(std::memory_order_relaxed);
    if (peak == 0) {
      peak = measure_dot_peak(*tables[i], seconds);
      peaks[i].store(peak, std::memory_order_relaxed);
    }
    return peak;
  }
  return 0;
}

/// A line of text that is put together piece by piece and written at once: lines of several
/// threads do not mix.
class Line {
 public:
  [[gnu::format(printf, 2, 3)]] void add(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    const int count = std::vsnprintf(text_ + length_, sizeof text_ - length_, format, arguments);
    va_end(arguments);
    if (count > 0) length_ = std::min(length_ + static_cast<std::size_t>(count), sizeof text_ - 1);
  }
  void add(std::string_view text) { add("%.*s", static_cast<int>(text.size()), text.data()); }
  void print() {
    add("\n");
    std::fwrite(text_, 1, length_, stderr);
  }

 private:
  char text_[768];
  std::size_t length_ = 0;
};

void add_call(Line& line, const char* what, const Explanation& e) {
  line.add("octet: %s ", what);
  line.add(e.operation);
  line.add(" %s, %s", e.shape, name_of(e.in_type));
  if (e.packed_bytes > 0 || e.operations > 0) line.add(" x %s", name_of(e.weights_type));
  line.add(" -> %s, ", name_of(e.out_type));
  line.add(e.isa);
  if (!e.form.empty()) {
    line.add(", ");
    line.add(e.form);
    line.add(" (");
    line.add(e.reason);
    line.add(")%s", e.staged && e.form != "staged" ? ", rows staged" : "");
  }
}

}  // namespace

double VerboseCall::now() { return seconds(); }

void VerboseCall::print_create(const Explanation& e, double elapsed) {
  Line line;
  add_call(line, "create", e);
  line.add(", %zu bytes packed, %.4g ms", e.packed_bytes, elapsed * 1e3);
  line.print();
}

void VerboseCall::print_run(const Explanation& e, double elapsed) {
  Line line;
  add_call(line, "run", e);
  if (e.tile_rows > 0)
    line.add(", tile %lldx%lld, %lld panels", static_cast<long long>(e.tile_rows),
             static_cast<long long>(e.tile_columns), static_cast<long long>(e.panels));
  line.add(", tasks %lldx%lld on %d threads", static_cast<long long>(e.row_parts),
           static_cast<long long>(e.panel_parts), e.threads);
  if (e.threads > 1) line.add(" that start in %.3g us", e.start_us);
  line.add(", %.4g ms", elapsed * 1e3);
  if (e.operations > 0) {
    const double speed = e.operations / elapsed;
    line.add(", %.4g GOP/s, %.3g %% of peak", speed * 1e-9,
             100 * speed / (dot_peak_of(e.isa) * e.threads));
  } else {
    line.add(", %.4g GB/s", e.bytes / elapsed * 1e-9);
  }
  line.print();
}

void set_shape(Explanation& explanation, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(explanation.shape, sizeof explanation.shape, format, arguments);
  va_end(arguments);
}

void explain_threads(Explanation& explanation, const Threads& threads) {
  explanation.threads = threads.count;
  explanation.start_us = threads.start_us;
}

void explain_work(Explanation& explanation, const WorkSize& work, const Threads& threads) {
  const TaskGrid grid = plan_tasks(work, threads);
  explanation.tile_rows = work.tile_rows;
  explanation.tile_columns = work.panel_columns;
  explanation.panels = work.panels;
  explain_threads(explanation, threads);
  explanation.row_parts = grid.row_parts;
  explanation.panel_parts = grid.panel_parts;
}

}  // namespace octet
