#include <algorithm>
#include <utility>

#include "octet/transposed_convolution.hpp"
#include "problem.hpp"

namespace octet::bench {
namespace {

class TransposedOperator final : public Operator {
 public:
  TransposedOperator(TransposedConvolution convolution, const ConstImages& in, const Images& out,
                     Executor* executor)
      : convolution_(std::move(convolution)),
        in_(in),
        out_(out),
        scratch_(convolution_.scratch_bytes(in.batch, in.height, in.width,
                                            executor ? executor->threads() : 1)),
        resources_{scratch_, executor} {}

  void run(void* out) override {
    out_.data = out;
    require(convolution_.run(in_, out_, resources_));
  }
  std::string kernel() const override { return std::string(convolution_.isa()); }

 private:
  TransposedConvolution convolution_;
  ConstImages in_;
  Images out_;
  Buffer scratch_;
  Resources resources_;
};

class TransposedProblem final : public Problem {
 public:
  TransposedProblem(const TransposedShape& shape, const Config& config)
      : Problem(config, shape.batch * shape.out_height() * shape.out_width(), shape.out_channels,
                shape.kernel_h * shape.kernel_w * (shape.in_channels / shape.groups),
                shape.batch * shape.height * shape.width * shape.in_channels),
        shape_(shape) {}

  /// Every tap of every input pixel, those included that lead to no output.
  double ops() const override {
    return 2.0 * static_cast<double>(shape_.batch * shape_.height * shape_.width) *
           static_cast<double>(columns_) * static_cast<double>(depth_);
  }

  std::int64_t rows_within(double ops) const override {
    const std::int64_t image = rows_ / shape_.batch;
    const double most = ops / (this->ops() / static_cast<double>(shape_.batch));
    return most < static_cast<double>(shape_.batch)
               ? image * std::max<std::int64_t>(1, std::int64_t(most))
               : rows_;
  }

  std::unique_ptr<Operator> octet(std::string_view max_isa, std::int64_t rows,
                                  Executor* executor) const override {
    const TransposedShape& s = shape_;
    const TransposedConvolutionConfig config = {.in_type = config_.lhs,
                                                .in_zero_point = config_.lhs_zero_point,
                                                .in_channels = s.in_channels,
                                                .out_channels = s.out_channels,
                                                .kernel_h = s.kernel_h,
                                                .kernel_w = s.kernel_w,
                                                .stride_h = s.stride_h,
                                                .stride_w = s.stride_w,
                                                .pad_top = s.pad_h,
                                                .pad_left = s.pad_w,
                                                .pad_bottom = s.pad_h,
                                                .pad_right = s.pad_w,
                                                .output_padding_h = s.output_padding_h,
                                                .output_padding_w = s.output_padding_w,
                                                .groups = s.groups,
                                                .weights_type = config_.rhs,
                                                .weights_layout = TransposedWeightsLayout::kOHWI,
                                                .weights_zero_point = {&config_.rhs_zero_point, 1},
                                                .epilogue = epilogue(),
                                                .max_isa = max_isa};
    TransposedConvolution convolution;
    require(TransposedConvolution::create(config, rhs_.data(), convolution));
    const std::int64_t images = rows / (s.out_height() * s.out_width());
    return std::make_unique<TransposedOperator>(
        std::move(convolution),
        nhwc<ConstImages>(lhs_.data(), config_.lhs, images, s.height, s.width, s.in_channels),
        nhwc<Images>(static_cast<void*>(nullptr), config_.out, images, s.out_height(),
                     s.out_width(), s.out_channels),
        executor);
  }

  std::unique_ptr<Operator> onednn(std::string* refusal) const override {
    const TransposedShape& s = shape_;
    if (!config_.suits_convolutions()) {
      *refusal = "no convolution with these weights";
      return nullptr;
    }
    const onednn::ConvProblem problem = {.batch = s.batch,
                                         .in_h = s.height,
                                         .in_w = s.width,
                                         .in_channels = s.in_channels,
                                         .out_channels = s.out_channels,
                                         .kernel_h = s.kernel_h,
                                         .kernel_w = s.kernel_w,
                                         .stride_h = s.stride_h,
                                         .stride_w = s.stride_w,
                                         .pad_top = s.pad_h,
                                         .pad_left = s.pad_w,
                                         .pad_bottom = s.pad_h - s.output_padding_h,
                                         .pad_right = s.pad_w - s.output_padding_w,
                                         .groups = s.groups,
                                         .in = config_.lhs,
                                         .weights = config_.rhs,
                                         .in_zero_point = config_.lhs_zero_point,
                                         .epilogue = onednn_epilogue()};
    return wrap(onednn::TransposedConv::create(problem, s.out_height(), s.out_width(), rhs_.data(),
                                               refusal),
                lhs_.data());
  }

  std::int64_t exact_sum(std::int64_t row, std::int64_t column) const override {
    const TransposedShape& s = shape_;
    const std::int64_t channels = s.in_channels / s.groups;
    const std::int64_t first_channel = column / (s.out_channels / s.groups) * channels;
    const std::int64_t x = row % s.out_width();
    const std::int64_t y = row / s.out_width() % s.out_height();
    const std::int64_t image = row / s.out_width() / s.out_height();
    std::int64_t sum = 0;
    for (std::int64_t r = 0; r < s.kernel_h; ++r) {
      const std::int64_t from_y = y + s.pad_h - r;
      if (from_y < 0 || from_y % s.stride_h != 0 || from_y / s.stride_h >= s.height) continue;
      for (std::int64_t c = 0; c < s.kernel_w; ++c) {
        const std::int64_t from_x = x + s.pad_w - c;
        if (from_x < 0 || from_x % s.stride_w != 0 || from_x / s.stride_w >= s.width) continue;
        const std::int64_t pixel =
            (image * s.height + from_y / s.stride_h) * s.width + from_x / s.stride_w;
        const std::int64_t tap = (column * s.kernel_h + r) * s.kernel_w + c;
        for (std::int64_t i = 0; i < channels; ++i) {
          sum += product(pixel * s.in_channels + first_channel + i, tap * channels + i);
        }
      }
    }
    return sum;
  }

 private:
  const TransposedShape shape_;
};

}  // namespace

std::unique_ptr<Problem> make_problem(const TransposedShape& shape, const Config& config) {
  return std::make_unique<TransposedProblem>(shape, config);
}

}  // namespace octet::bench
