#include <exception>
#include <utility>

#include "compare.hpp"
#include "measure.hpp"

namespace octet::bench {
namespace {

/// Operations that the scalar kernel may spend on checking one shape; for a convolution at least
/// those of one image.
constexpr double kOpsToCheck = 5e7;

class LayerBenchmark {
 public:
  LayerBenchmark(Layer layer, const Config& config, Setting& setting)
      : layer_(std::move(layer)), config_(config), setting_(setting) {}

  /// `alone`: on the calling thread, for the others' speed-up.
  void run_octet(benchmark::State& state, bool alone) {
    Side& side = prepared(alone ? alone_ : octet_, [&] {
      return problem_->octet(setting_.isa, problem_->rows(), alone ? nullptr : setting_.executor);
    });
    if (side.wrong > 0) {
      setting_.octet_is_wrong = true;
      side.fault = "the result is not that of the scalar kernel";
    }
    run(state, side);
  }

  void run_onednn(benchmark::State& state) {
    Side& side = prepared(onednn_, [&] { return problem_->onednn(&onednn_.fault); });
    run(state, side);
    state.counters["wrong"] = side.wrong;
  }

 private:
  struct Side {
    std::unique_ptr<Operator> op;
    Buffer out;
    double wrong = 0;   ///< Share of the outputs checked that are not the scalar kernel's.
    std::string fault;  ///< Why there is nothing to measure, or empty.
  };

  /// Creates the side at its first use, runs it once and checks the result.
  template <class Create>
  Side& prepared(Side& side, const Create& create) {
    if (side.op || !side.fault.empty()) return side;
    try {
      compute_expected();
      side.op = create();
      if (!side.op) return side;
      side.out.resize(problem_->out_bytes(problem_->rows()));
      side.op->run(side.out.data());
      side.wrong = static_cast<double>(
                       count_apart(*problem_, checked_rows_, side.out.data(), expected_.data())) /
                   static_cast<double>(checked_rows_ * problem_->columns());
    } catch (const std::exception& error) {
      side.fault = error.what();
    }
    return side;
  }

  void compute_expected() {
    if (problem_) return;
    problem_ = layer_.problem(config_);
    checked_rows_ = problem_->rows_within(kOpsToCheck);
    expected_.resize(problem_->out_bytes(checked_rows_));
    problem_->octet("scalar", checked_rows_, nullptr)->run(expected_.data());
  }

  void run(benchmark::State& state, Side& side) {
    if (!side.fault.empty()) return state.SkipWithError(side.fault.c_str());
    const Work work = {.ops = problem_->ops(),
                       .bytes = static_cast<double>(problem_->in_bytes() + side.out.size())};
    measure(state, *side.op, side.out.data(), work, setting_);
    state.counters["count"] = static_cast<double>(layer_.count);
  }

  const Layer layer_;
  const Config config_;
  Setting& setting_;
  std::unique_ptr<Problem> problem_;
  std::int64_t checked_rows_ = 0;
  Buffer expected_;  ///< The leading `checked_rows_` rows of the result, by the scalar kernel.
  Side octet_, alone_, onednn_;
};

}  // namespace

Entry layer_entry(const Layer& layer, const Config& config, Setting& setting) {
  const auto shared = std::make_shared<LayerBenchmark>(layer, config, setting);
  Entry entry = {layer.name, {}};
  const auto add_octet = [&](const char* name, bool alone) {
    entry.sides.push_back(
        {name, [=](benchmark::State& state) { shared->run_octet(state, alone); }});
  };
  add_octet("octet", false);
  if (setting.threads > 1) add_octet("octet_alone", true);
  if (setting.has_onednn)
    entry.sides.push_back({"onednn", [=](benchmark::State& state) { shared->run_onednn(state); }});
  return entry;
}

}  // namespace octet::bench
