#include "onednn_primitive.hpp"

namespace octet::onednn {
namespace {

/// The descriptors that an 8-bit and a float convolution have in common.
struct ConvDescs {
  memory::desc in, out, plain_weights, weights;

  ConvDescs(const ConvProblem& p, std::int64_t out_h, std::int64_t out_w, memory::data_type in_type,
            memory::data_type weights_type, memory::data_type out_type)
      : in({p.batch, p.in_channels, p.in_h, p.in_w}, in_type, Tag::nhwc),
        out({p.batch, p.out_channels, out_h, out_w}, out_type, Tag::nhwc) {
    const bool grouped = p.groups > 1;
    memory::dims dims = {p.out_channels / p.groups, p.in_channels / p.groups, p.kernel_h,
                         p.kernel_w};
    if (grouped) dims.insert(dims.begin(), p.groups);
    plain_weights = memory::desc(dims, weights_type, grouped ? Tag::gohwi : Tag::ohwi);
    weights = memory::desc(dims, weights_type, Tag::any);
  }

  template <class Operation>
  typename Operation::primitive_desc describe_with(dnnl::algorithm algorithm, const ConvProblem& p,
                                                   const memory& bias,
                                                   const dnnl::primitive_attr& attr) const {
    return describe<Operation>(
        attr, dnnl::prop_kind::forward_inference, algorithm, in, weights, desc_of(bias), out,
        memory::dims{p.stride_h, p.stride_w}, memory::dims{p.dilation_h - 1, p.dilation_w - 1},
        memory::dims{p.pad_top, p.pad_left}, memory::dims{p.pad_bottom, p.pad_right});
  }
};

/// Null, and why, if oneDNN refuses.
template <class Operation>
std::unique_ptr<Primitive::State> make_state(dnnl::algorithm algorithm, const ConvProblem& problem,
                                             std::int64_t out_h, std::int64_t out_w,
                                             const void* weights, std::string* error) try {
  if (const char* why = refusal(problem.epilogue, problem.out_channels)) {
    *error = why;
    return nullptr;
  }
  Attributes attributes;
  attributes.set_zero_point(DNNL_ARG_SRC, problem.in_zero_point);
  const int scale_mask = problem.groups > 1 ? (1 << 0 | 1 << 1) : 1 << 0;
  const memory bias = apply(problem.epilogue, {problem.out_channels}, scale_mask, &attributes);

  const ConvDescs descs(problem, out_h, out_w, dnnl_type(problem.in), dnnl_type(problem.weights),
                        dnnl_type(problem.epilogue.out_type));
  const auto desc = descs.describe_with<Operation>(algorithm, problem, bias, attributes.attr);
  auto state = Primitive::State::make<Operation>(desc);
  state->pack_weights(view_of(weights, descs.plain_weights), desc.weights_desc());
  state->bind(DNNL_ARG_BIAS, bias);
  state->bind(attributes);
  return state;
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

}  // namespace

std::unique_ptr<Conv> Conv::create(const ConvProblem& problem, const void* weights,
                                   std::string* error) {
  auto state =
      make_state<dnnl::convolution_forward>(dnnl::algorithm::convolution_direct, problem,
                                            problem.out_h(), problem.out_w(), weights, error);
  return state ? std::unique_ptr<Conv>(new Conv(std::move(state))) : nullptr;
}

std::unique_ptr<TransposedConv> TransposedConv::create(const ConvProblem& problem,
                                                       std::int64_t out_h, std::int64_t out_w,
                                                       const void* weights, std::string* error) {
  auto state = make_state<dnnl::deconvolution_forward>(dnnl::algorithm::deconvolution_direct,
                                                       problem, out_h, out_w, weights, error);
  return state ? std::unique_ptr<TransposedConv>(new TransposedConv(std::move(state))) : nullptr;
}

std::unique_ptr<FloatConv> FloatConv::create(const ConvProblem& problem, const float* weights,
                                             const float* bias, bool relu, std::string* error) try {
  constexpr auto kFloat = memory::data_type::f32;
  Attributes attributes;
  if (relu) attributes.set_clamp(0, INFINITY);
  const memory bias_copy = copy_of(std::vector<float>(bias, bias + problem.out_channels),
                                   {{problem.out_channels}, kFloat, Tag::a});
  const ConvDescs descs(problem, problem.out_h(), problem.out_w(), kFloat, kFloat, kFloat);
  const auto desc = descs.describe_with<dnnl::convolution_forward>(
      dnnl::algorithm::convolution_direct, problem, bias_copy, attributes.attr);
  auto state = State::make<dnnl::convolution_forward>(desc);
  state->pack_weights(view_of(weights, descs.plain_weights), desc.weights_desc());
  state->bind(DNNL_ARG_BIAS, bias_copy);
  return std::unique_ptr<FloatConv>(new FloatConv(std::move(state)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

}  // namespace octet::onednn
