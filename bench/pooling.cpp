#include "octet/pooling.hpp"

#include <exception>
#include <random>

#include "measure.hpp"

namespace octet::bench {
namespace {

/// u8 in and out, of one scale and zero point, padding left out of averages.
class Pooling final : public Operator {
 public:
  Pooling(const PoolShape& shape, std::string isa, Executor* executor, const Buffer& in)
      : shape_(shape),
        window_{.kernel_h = shape.kernel_h,
                .kernel_w = shape.kernel_w,
                .stride_h = shape.stride_h,
                .stride_w = shape.stride_w,
                .pad_top = shape.pad_h,
                .pad_left = shape.pad_w,
                .pad_bottom = shape.pad_h,
                .pad_right = shape.pad_w},
        isa_(std::move(isa)),
        executor_(executor),
        in_(in) {}

  void run(void* out) override {
    const ConstImages from =
        const_images(reinterpret_cast<const std::uint8_t*>(in_.data()), shape_.batch, shape_.height,
                     shape_.width, shape_.channels);
    const Images to = images(static_cast<std::uint8_t*>(out), shape_.batch, shape_.out_height(),
                             shape_.out_width(), shape_.channels);
    require(shape_.average ? average_pool({.window = window_, .max_isa = isa_}, from, to, executor_)
                           : max_pool(window_, from, to, executor_, isa_));
  }

  std::string kernel() const override { return isa_; }

 private:
  const PoolShape shape_;
  const PoolingWindow window_;
  const std::string isa_;
  Executor* const executor_;
  const Buffer& in_;
};

class PoolBenchmark {
 public:
  PoolBenchmark(const PoolShape& shape, Setting& setting) : shape_(shape), setting_(setting) {}

  void run_octet(benchmark::State& state) try {
    prepare();
    if (!octet_) octet_ = std::make_unique<Pooling>(shape_, setting_.isa, setting_.executor, in_);
    octet_->run(out_.data());
    if (out_ != expected_) {
      setting_.octet_is_wrong = true;
      return state.SkipWithError("the result is not that of the scalar kernel");
    }
    measure(state, *octet_, out_.data(), work(), setting_);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }

  void run_onednn(benchmark::State& state) {
    prepare();
    std::string refusal;
    if (!onednn_)
      onednn_ = wrap(onednn::Pool::create(problem(), DataType::kU8, shape_.average, &refusal),
                     in_.data());
    if (!onednn_) return state.SkipWithError(refusal.c_str());
    measure(state, *onednn_, out_.data(), work(), setting_);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) wrong += out_[i] != expected_[i] ? 1 : 0;
    state.counters["wrong"] = static_cast<double>(wrong) / static_cast<double>(out_.size());
  }

 private:
  void prepare() {
    if (!in_.empty()) return;
    std::mt19937_64 random;
    in_.resize(
        static_cast<std::size_t>(shape_.batch * shape_.height * shape_.width * shape_.channels));
    for (std::byte& byte : in_) byte = static_cast<std::byte>(random());
    expected_.resize(static_cast<std::size_t>(outputs()));
    out_.resize(expected_.size());
    Pooling(shape_, "scalar", nullptr, in_).run(expected_.data());
  }

  std::int64_t outputs() const {
    return shape_.batch * shape_.out_height() * shape_.out_width() * shape_.channels;
  }
  Work work() const {
    return {.ops = static_cast<double>(outputs() * shape_.kernel_h * shape_.kernel_w),
            .bytes = static_cast<double>(in_.size() + out_.size())};
  }
  onednn::ConvProblem problem() const {
    onednn::ConvProblem p;
    p.batch = shape_.batch;
    p.in_h = shape_.height;
    p.in_w = shape_.width;
    p.in_channels = shape_.channels;
    p.kernel_h = shape_.kernel_h;
    p.kernel_w = shape_.kernel_w;
    p.stride_h = shape_.stride_h;
    p.stride_w = shape_.stride_w;
    p.pad_top = p.pad_bottom = shape_.pad_h;
    p.pad_left = p.pad_right = shape_.pad_w;
    return p;
  }

  const PoolShape shape_;
  Setting& setting_;
  Buffer in_, out_, expected_;
  std::unique_ptr<Operator> octet_, onednn_;
};

}  // namespace

Entry pool_entry(const PoolShape& shape, Setting& setting) {
  const auto shared = std::make_shared<PoolBenchmark>(shape, setting);
  Entry entry = {shape.name, {{"octet", [=](benchmark::State& s) { shared->run_octet(s); }}}};
  if (setting.has_onednn)
    entry.sides.push_back({"onednn", [=](benchmark::State& s) { shared->run_onednn(s); }});
  return entry;
}

}  // namespace octet::bench
