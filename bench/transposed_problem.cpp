#include "image_problem.hpp"
#include "octet/transposed_convolution.hpp"

namespace octet::bench {
namespace {

class TransposedProblem final : public ImageProblem<TransposedConvolution, TransposedShape> {
 public:
  TransposedProblem(const TransposedShape& shape, const Config& config)
      : ImageProblem(shape, config) {}

  /// Every tap of every input pixel, those included that lead to no output.
  double ops() const override {
    return 2.0 * static_cast<double>(shape_.batch * shape_.height * shape_.width) *
           static_cast<double>(columns_) * static_cast<double>(depth_);
  }

  std::unique_ptr<Operator> octet(std::string_view max_isa, std::int64_t rows,
                                  Executor* executor) const override {
    TransposedConvolutionConfig config;
    set_common(config, max_isa);
    config.weights_layout = TransposedWeightsLayout::kOHWI;
    config.output_padding_h = shape_.output_padding_h;
    config.output_padding_w = shape_.output_padding_w;
    TransposedConvolution convolution;
    require(TransposedConvolution::create(config, rhs_.data(), convolution));
    return on_images(std::move(convolution), rows, executor);
  }

  std::unique_ptr<Operator> onednn(std::string* refusal) const override {
    onednn::ConvProblem problem;
    if (!onednn_problem(problem, refusal)) return nullptr;
    problem.pad_bottom -= shape_.output_padding_h;
    problem.pad_right -= shape_.output_padding_w;
    return wrap(onednn::TransposedConv::create(problem, shape_.out_height(), shape_.out_width(),
                                               rhs_.data(), refusal),
                lhs_.data());
  }
};

}  // namespace

std::unique_ptr<Problem> make_problem(const TransposedShape& shape, const Config& config) {
  return std::make_unique<TransposedProblem>(shape, config);
}

}  // namespace octet::bench
