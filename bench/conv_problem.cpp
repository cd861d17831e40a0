#include "image_problem.hpp"
#include "octet/convolution.hpp"

namespace octet::bench {
namespace {

class ConvProblem final : public ImageProblem<Convolution, ConvShape> {
 public:
  ConvProblem(const ConvShape& shape, const Config& config) : ImageProblem(shape, config) {}

  std::unique_ptr<Operator> octet(std::string_view max_isa, std::int64_t rows,
                                  Executor* executor) const override {
    ConvolutionConfig config;
    set_common(config, max_isa);
    config.dilation_h = shape_.dilation_h;
    config.dilation_w = shape_.dilation_w;
    Convolution convolution;
    require(Convolution::create(config, rhs_.data(), convolution));
    return on_images(std::move(convolution), rows, executor);
  }

  std::unique_ptr<Operator> onednn(std::string* refusal) const override {
    onednn::ConvProblem problem;
    if (!onednn_problem(problem, refusal)) return nullptr;
    problem.dilation_h = shape_.dilation_h;
    problem.dilation_w = shape_.dilation_w;
    return wrap(onednn::Conv::create(problem, rhs_.data(), refusal), lhs_.data());
  }
};

}  // namespace

std::unique_ptr<Problem> make_problem(const ConvShape& shape, const Config& config) {
  return std::make_unique<ConvProblem>(shape, config);
}

}  // namespace octet::bench
