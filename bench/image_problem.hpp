/// What convolutions and transposed ones have in common as problems: images in, images out.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "problem.hpp"

namespace octet::bench {

/// A Convolution or a TransposedConvolution on one batch of images.
template <class Operation>
class ImageOperator final : public Operator {
 public:
  ImageOperator(Operation operation, const ConstImages& in, const Images& out, Executor* executor)
      : operation_(std::move(operation)),
        in_(in),
        out_(out),
        scratch_(operation_.scratch_bytes(in.batch, in.height, in.width,
                                          executor ? executor->threads() : 1)),
        resources_{scratch_, executor} {}

  void run(void* out) override {
    out_.data = out;
    require(operation_.run(in_, out_, resources_));
  }
  std::string kernel() const override {
    std::string name(operation_.isa());
    if constexpr (requires { operation_.form(); }) name.append(":").append(operation_.form());
    return name;
  }

 private:
  Operation operation_;
  ConstImages in_;
  Images out_;
  Buffer scratch_;
  Resources resources_;
};

/// `Operation` is Convolution or TransposedConvolution, `Shape` what a line of their files says.
template <class Operation, class Shape>
class ImageProblem : public Problem {
 public:
  std::int64_t rows_within(double ops) const override {
    const std::int64_t image = rows_ / shape_.batch;
    const double most = ops / (this->ops() / static_cast<double>(shape_.batch));
    return most < static_cast<double>(shape_.batch)
               ? image * std::max<std::int64_t>(1, std::int64_t(most))
               : rows_;
  }

  std::int64_t exact_sum(std::int64_t row, std::int64_t column) const override {
    const Shape& s = shape_;
    const std::int64_t channels = s.in_channels / s.groups;
    const std::int64_t first_channel = column / (s.out_channels / s.groups) * channels;
    const std::int64_t x = row % s.out_width();
    const std::int64_t y = row / s.out_width() % s.out_height();
    const std::int64_t image = row / s.out_width() / s.out_height();
    std::int64_t sum = 0;
    for (std::int64_t r = 0; r < s.kernel_h; ++r) {
      const std::int64_t in_y = s.in_y(y, r);
      if (in_y < 0 || in_y >= s.height) continue;
      for (std::int64_t c = 0; c < s.kernel_w; ++c) {
        const std::int64_t in_x = s.in_x(x, c);
        if (in_x < 0 || in_x >= s.width) continue;
        const std::int64_t pixel = (image * s.height + in_y) * s.width + in_x;
        const std::int64_t tap = (column * s.kernel_h + r) * s.kernel_w + c;
        for (std::int64_t i = 0; i < channels; ++i)
          sum += product(pixel * s.in_channels + first_channel + i, tap * channels + i);
      }
    }
    return sum;
  }

 protected:
  ImageProblem(const Shape& shape, const Config& config)
      : Problem(config, shape.batch * shape.out_height() * shape.out_width(), shape.out_channels,
                shape.kernel_h * shape.kernel_w * (shape.in_channels / shape.groups),
                shape.batch * shape.height * shape.width * shape.in_channels),
        shape_(shape) {}

  /// What `Operation` takes, but for what only one of them has.
  template <class OperationConfig>
  void set_common(OperationConfig& config, std::string_view max_isa) const {
    const Shape& s = shape_;
    config.in_type = config_.lhs;
    config.in_zero_point = config_.lhs_zero_point;
    config.in_channels = s.in_channels;
    config.out_channels = s.out_channels;
    config.kernel_h = s.kernel_h;
    config.kernel_w = s.kernel_w;
    config.stride_h = s.stride_h;
    config.stride_w = s.stride_w;
    config.pad_top = config.pad_bottom = s.pad_h;
    config.pad_left = config.pad_right = s.pad_w;
    config.groups = s.groups;
    config.weights_type = config_.rhs;
    config.weights_zero_point = {&config_.rhs_zero_point, 1};
    config.epilogue = epilogue();
    config.max_isa = max_isa;
  }

  /// The leading `rows` rows, by `operation`.
  std::unique_ptr<Operator> on_images(Operation operation, std::int64_t rows,
                                      Executor* executor) const {
    const Shape& s = shape_;
    const std::int64_t images = rows / (s.out_height() * s.out_width());
    return std::make_unique<ImageOperator<Operation>>(
        std::move(operation),
        nhwc<ConstImages>(lhs_.data(), config_.lhs, images, s.height, s.width, s.in_channels),
        nhwc<Images>(static_cast<void*>(nullptr), config_.out, images, s.out_height(),
                     s.out_width(), s.out_channels),
        executor);
  }

  /// oneDNN's problem, but for what only one of the operations has; false where it has no such
  /// weights, which `*refusal` says.
  bool onednn_problem(onednn::ConvProblem& problem, std::string* refusal) const {
    if (!config_.suits_convolutions()) {
      *refusal = "no convolution with these weights";
      return false;
    }
    const Shape& s = shape_;
    problem = {.batch = s.batch,
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
               .pad_bottom = s.pad_h,
               .pad_right = s.pad_w,
               .groups = s.groups,
               .in = config_.lhs,
               .weights = config_.rhs,
               .in_zero_point = config_.lhs_zero_point,
               .epilogue = onednn_epilogue()};
    return true;
  }

  const Shape shape_;
};

}  // namespace octet::bench
