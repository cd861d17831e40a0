// Right-hand sides that are given with each call: what packing them costs, and what of it octet
// hides beside the arithmetic. Four sides of every shape:
//
//   octet            gemm(), batched_gemm(): packs the next panels inside the tiles of the current
//   octet_serial     Gemm::create and run: packs, then multiplies
//   octet_prepacked  run alone: nothing to pack
//   onednn           matmul with weights in the caller's plain layout
//
// each row-major and transposed, with warm caches and with cold ones.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <random>
#include <utility>

#include "measure.hpp"
#include "octet/gemm.hpp"
#include "onednn.hpp"

namespace octet::bench {
namespace {

constexpr double kOpsToCheck = 5e7;
constexpr float kScale = 0x1p-11f;  // a power of two: oneDNN's result is the same

/// u8 x s8 to s8, one scale for all.
struct Operands {
  Operands(const DynamicShape& sizes, bool is_transposed)
      : shape(sizes),
        transposed(is_transposed),
        lhs(static_cast<std::size_t>(sizes.batch * sizes.m * sizes.k)),
        rhs(static_cast<std::size_t>(sizes.batch * sizes.k * sizes.n)) {
    std::mt19937 random(1);
    for (Buffer* buffer : {&lhs, &rhs})
      for (std::byte& byte : *buffer) byte = static_cast<std::byte>(random());
  }

  GemmConfig config(std::string_view isa) const {
    return {.rhs_transposed = transposed,
            .epilogue = {.type = DataType::kS8, .scale = {&kScale, 1}},
            .max_isa = isa};
  }
  GemmBatch batch() const {
    return {.count = shape.batch,
            .lhs_stride = shape.m * shape.k,
            .rhs_stride = shape.k * shape.n,
            .out_stride = shape.m * shape.n};
  }
  ConstMatrix lhs_of(std::int64_t i) const {
    return {lhs.data() + i * shape.m * shape.k, DataType::kU8, shape.m, shape.k, shape.k};
  }
  ConstMatrix rhs_of(std::int64_t i) const {
    const std::int64_t rows = transposed ? shape.n : shape.k;
    const std::int64_t columns = transposed ? shape.k : shape.n;
    return {rhs.data() + i * shape.k * shape.n, DataType::kS8, rows, columns, columns};
  }
  Matrix out_of(void* out, std::int64_t i) const {
    return {static_cast<std::byte*>(out) + i * shape.m * shape.n, DataType::kS8, shape.m, shape.n,
            shape.n};
  }
  double ops() const {
    return 2.0 * static_cast<double>(shape.batch * shape.m) *
           static_cast<double>(shape.n * shape.k);
  }

  const DynamicShape shape;
  const bool transposed;
  Buffer lhs, rhs;
};

class Overlapped final : public Operator {
 public:
  Overlapped(const Operands& operands, const Setting& setting)
      : operands_(operands),
        config_(operands.config(setting.isa)),
        scratch_(batched_gemm_scratch_bytes(config_, operands.batch(), operands.shape.m,
                                            operands.shape.n, operands.shape.k, setting.threads)),
        resources_{scratch_, setting.executor},
        isa_(setting.isa) {}
  void run(void* out) override {
    require(batched_gemm(config_, operands_.batch(), operands_.lhs_of(0), operands_.rhs_of(0),
                         operands_.out_of(out, 0), resources_));
  }
  std::string kernel() const override { return isa_; }

 private:
  const Operands& operands_;
  GemmConfig config_;
  Buffer scratch_;
  Resources resources_;
  std::string isa_;
};

/// Packs all of a matrix before it multiplies; if not `each_time`, then once for all runs.
class PackedFirst final : public Operator {
 public:
  PackedFirst(const Operands& operands, const Setting& setting, bool each_time)
      : operands_(operands),
        config_(operands.config(setting.isa)),
        resources_{{}, setting.executor},
        each_time_(each_time),
        gemms_(static_cast<std::size_t>(operands.shape.batch)) {
    for (std::int64_t i = 0; i < operands.shape.batch; ++i) create(i);
  }
  void run(void* out) override {
    for (std::int64_t i = 0; i < operands_.shape.batch; ++i) {
      if (each_time_) create(i);
      require(gemms_[static_cast<std::size_t>(i)].run(operands_.lhs_of(i), operands_.out_of(out, i),
                                                      resources_));
    }
  }
  std::string kernel() const override { return std::string(gemms_[0].isa()); }

 private:
  void create(std::int64_t i) {
    require(Gemm::create(config_, operands_.rhs_of(i), gemms_[static_cast<std::size_t>(i)]));
  }
  const Operands& operands_;
  GemmConfig config_;
  Resources resources_;
  bool each_time_;
  std::vector<Gemm> gemms_;
};

/// Reads and writes more than any cache of this kind of machine holds.
void evict_caches() {
  static Buffer buffer(std::size_t{96} << 20);
  for (std::size_t i = 0; i < buffer.size(); i += 64) buffer[i] ^= std::byte{1};
  benchmark::ClobberMemory();
}

class DynamicBenchmark {
 public:
  DynamicBenchmark(const DynamicShape& shape, bool transposed, bool cold, Setting& setting)
      : shape_(shape), transposed_(transposed), cold_(cold), setting_(setting) {}

  enum Who : std::uint8_t { kOverlapped, kSerial, kPrepacked, kOneDnn };

  void run(benchmark::State& state, Who who) {
    Side& side = sides_[who];
    if (!side.op && side.fault.empty()) prepare(side, who);
    if (!side.fault.empty()) return state.SkipWithError(side.fault.c_str());
    const Work work = {.ops = operands_->ops(),
                       .bytes = static_cast<double>(operands_->lhs.size() + operands_->rhs.size() +
                                                    side.out.size())};
    measure(state, *side.op, side.out.data(), work, setting_, cold_ ? evict_caches : nullptr);
    if (who == kOneDnn) state.counters["wrong"] = side.wrong;
  }

 private:
  struct Side {
    std::unique_ptr<Operator> op;
    Buffer out;
    double wrong = 0;  ///< Share of the outputs checked that are not the scalar kernel's.
    std::string fault;
  };

  void prepare(Side& side, Who who) try {
    if (!operands_) operands_ = std::make_unique<Operands>(shape_, transposed_);
    side.op = create(who, side.fault);
    if (!side.op) return;
    side.out.resize(static_cast<std::size_t>(shape_.batch * shape_.m * shape_.n));
    side.op->run(side.out.data());
    side.wrong = share_wrong(side);
    if (side.wrong == 0 || who == kOneDnn) return;
    setting_.octet_is_wrong = true;
    side.fault = "the result is not that of the scalar kernel";
  } catch (const std::exception& error) {
    side.fault = error.what();
  }

  std::unique_ptr<Operator> create(Who who, std::string& fault) const {
    if (who == kOverlapped) return std::make_unique<Overlapped>(*operands_, setting_);
    if (who != kOneDnn) return std::make_unique<PackedFirst>(*operands_, setting_, who == kSerial);
    const onednn::GemmProblem problem = {
        .batch = shape_.batch,
        .m = shape_.m,
        .n = shape_.n,
        .k = shape_.k,
        .rhs_transposed = transposed_,
        .pack_rhs = false,
        .epilogue = {.out_type = DataType::kS8, .scale = {kScale}, .bias = {}}};
    return wrap(onednn::Gemm::create(problem, operands_->rhs.data(), &fault),
                operands_->lhs.data());
  }

  /// Of the leading rows of the last matrix.
  double share_wrong(const Side& side) const {
    const std::int64_t last = shape_.batch - 1;
    const double row_ops = 2.0 * static_cast<double>(shape_.n) * static_cast<double>(shape_.k);
    ConstMatrix lhs = operands_->lhs_of(last);
    lhs.rows =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(kOpsToCheck / row_ops), 1, shape_.m);
    Gemm scalar;
    require(Gemm::create(operands_->config("scalar"), operands_->rhs_of(last), scalar));
    Buffer expected(static_cast<std::size_t>(lhs.rows * shape_.n));
    require(scalar.run(lhs, {expected.data(), DataType::kS8, lhs.rows, shape_.n, shape_.n}));
    const std::byte* actual = side.out.data() + last * shape_.m * shape_.n;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) wrong += actual[i] != expected[i] ? 1 : 0;
    return static_cast<double>(wrong) / static_cast<double>(expected.size());
  }

  const DynamicShape shape_;
  const bool transposed_, cold_;
  Setting& setting_;
  std::unique_ptr<Operands> operands_;
  std::array<Side, 4> sides_;
};

}  // namespace

std::vector<Entry> dynamic_entries(const DynamicShape& shape, Setting& setting) {
  // Memory that is given back and taken again: packing each time is not to wait for fresh pages.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  std::vector<Entry> entries;
  for (bool transposed : {false, true}) {
    for (bool cold : {false, true}) {
      const auto shared = std::make_shared<DynamicBenchmark>(shape, transposed, cold, setting);
      Entry entry = {
          shape.name + (transposed ? "/transposed" : "/row-major") + (cold ? "/cold" : "/warm"),
          {}};
      const auto add = [&](const char* name, DynamicBenchmark::Who who) {
        entry.sides.push_back({name, [=](benchmark::State& state) { shared->run(state, who); }});
      };
      add("octet", DynamicBenchmark::kOverlapped);
      add("octet_serial", DynamicBenchmark::kSerial);
      add("octet_prepacked", DynamicBenchmark::kPrepacked);
      if (setting.has_onednn) add("onednn", DynamicBenchmark::kOneDnn);
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

}  // namespace octet::bench
