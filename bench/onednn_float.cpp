#include "onednn_primitive.hpp"

namespace octet::onednn {

std::unique_ptr<FloatGemm> FloatGemm::create(std::int64_t m, std::int64_t n, std::int64_t k,
                                             const float* rhs, const float* bias,
                                             std::string* error) try {
  constexpr auto kFloat = memory::data_type::f32;
  const memory bias_copy = copy_of(std::vector<float>(bias, bias + n), {{1, n}, kFloat, Tag::ab});
  const auto desc =
      describe<dnnl::matmul>(dnnl::primitive_attr(), memory::desc({m, k}, kFloat, Tag::ab),
                             memory::desc({k, n}, kFloat, Tag::any), bias_copy.get_desc(),
                             memory::desc({m, n}, kFloat, Tag::ab));
  auto state = State::make<dnnl::matmul>(desc);
  state->pack_weights(view_of(rhs, {{k, n}, kFloat, Tag::ab}), desc.weights_desc());
  state->bind(DNNL_ARG_BIAS, bias_copy);
  return std::unique_ptr<FloatGemm>(new FloatGemm(std::move(state)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

}  // namespace octet::onednn
