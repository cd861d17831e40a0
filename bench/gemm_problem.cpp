#include <omp.h>

#include <algorithm>
#include <utility>

#include "octet/gemm.hpp"
#include "problem.hpp"

namespace octet::bench {
namespace {

class GemmOperator final : public Operator {
 public:
  GemmOperator(Gemm gemm, const ConstMatrix& lhs, DataType out_type, std::int64_t columns,
               Executor* executor)
      : gemm_(std::move(gemm)),
        lhs_(lhs),
        out_{nullptr, out_type, lhs.rows, columns, columns},
        scratch_(gemm_.scratch_bytes(lhs.rows, executor ? executor->threads() : 1)),
        resources_{scratch_, executor} {}

  void run(void* out) override {
    out_.data = out;
    require(gemm_.run(lhs_, out_, resources_));
  }
  std::string kernel() const override { return std::string(gemm_.isa()); }

 private:
  Gemm gemm_;
  ConstMatrix lhs_;
  Matrix out_;
  Buffer scratch_;
  Resources resources_;
};

class GemmProblem final : public Problem {
 public:
  GemmProblem(const GemmShape& shape, const Config& config)
      : Problem(config, shape.m, shape.n, shape.k, shape.m * shape.k) {}

  std::int64_t rows_within(double ops) const override {
    const double most = ops / (2.0 * static_cast<double>(columns_) * static_cast<double>(depth_));
    return most < static_cast<double>(rows_) ? std::max<std::int64_t>(1, std::int64_t(most))
                                             : rows_;
  }

  std::unique_ptr<Operator> octet(std::string_view max_isa, std::int64_t rows,
                                  Executor* executor) const override {
    const GemmConfig config = {.lhs_type = config_.lhs,
                               .lhs_zero_point = config_.lhs_zero_point,
                               .rhs_zero_point = {&config_.rhs_zero_point, 1},
                               .epilogue = epilogue(),
                               .max_isa = max_isa};
    Gemm gemm;
    require(Gemm::create(config, {rhs_.data(), config_.rhs, depth_, columns_, columns_}, gemm));
    const ConstMatrix lhs = {lhs_.data(), config_.lhs, rows, depth_, depth_};
    return std::make_unique<GemmOperator>(std::move(gemm), lhs, config_.out, columns_, executor);
  }

  std::unique_ptr<Operator> onednn(std::string* refusal) const override {
    // 3.6 splits K between threads that 64 columns each would leave idle, and crashes there if it
    // has to compensate for an s8 lhs.
    const int threads = omp_get_max_threads();
    if (threads > 1 && rows_ == 1 && columns_ < 64 * threads && config_.lhs == DataType::kS8) {
      *refusal = "3.6 crashes with one row of s8 and so few columns on several threads";
      return nullptr;
    }
    const onednn::GemmProblem problem = {.m = rows_,
                                         .n = columns_,
                                         .k = depth_,
                                         .lhs = config_.lhs,
                                         .rhs = config_.rhs,
                                         .lhs_zero_point = config_.lhs_zero_point,
                                         .rhs_zero_point = config_.rhs_zero_point,
                                         .epilogue = onednn_epilogue()};
    return wrap(onednn::Gemm::create(problem, rhs_.data(), refusal), lhs_.data());
  }

  std::int64_t exact_sum(std::int64_t row, std::int64_t column) const override {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < depth_; ++k) {
      sum += product(row * depth_ + k, k * columns_ + column);
    }
    return sum;
  }
};

}  // namespace

std::unique_ptr<Problem> make_problem(const GemmShape& shape, const Config& config) {
  return std::make_unique<GemmProblem>(shape, config);
}

}  // namespace octet::bench
