#include <algorithm>

#include "onednn_primitive.hpp"

namespace octet::onednn {

std::unique_ptr<Gemm> Gemm::create(const GemmProblem& problem, const void* rhs,
                                   std::string* error) try {
  if (std::min({problem.batch, problem.m, problem.n, problem.k}) < 1) {  // 2.x divides by zero.
    *error = "batch, m, n or k is not positive";
    return nullptr;
  }
  if (problem.batch > 1 && !problem.epilogue.bias.empty()) {
    *error = "a batch has no bias here";
    return nullptr;
  }
  if (const char* why = refusal(problem.epilogue, problem.n)) {
    *error = why;
    return nullptr;
  }
  memory::data_type rhs_type = dnnl_type(problem.rhs);
  std::int32_t rhs_zero_point = problem.rhs_zero_point;
  std::vector<std::uint8_t> flipped;
  if (problem.rhs == DataType::kU8 && problem.pack_rhs) {
    // For u8 weights oneDNN has at most a plain loop, so its users move them to s8 beforehand.
    const auto* bytes = static_cast<const std::uint8_t*>(rhs);
    flipped.assign(bytes, bytes + problem.batch * problem.k * problem.n);
    for (std::uint8_t& byte : flipped) byte ^= 0x80;
    rhs = flipped.data();
    rhs_type = memory::data_type::s8;
    rhs_zero_point -= 128;
  }

  Attributes attributes;
  attributes.set_zero_point(DNNL_ARG_SRC, problem.lhs_zero_point);
  attributes.set_zero_point(DNNL_ARG_WEIGHTS, rhs_zero_point);
  // With a batch in front of the other dimensions, if there is one.
  const bool batched = problem.batch > 1;
  const auto dims = [&](std::int64_t rows, std::int64_t columns) {
    return batched ? memory::dims{problem.batch, rows, columns} : memory::dims{rows, columns};
  };
  const Tag rows = batched ? Tag::abc : Tag::ab;
  const Tag rhs_tag = !problem.rhs_transposed ? rows : batched ? Tag::acb : Tag::ba;
  const memory bias =
      apply(problem.epilogue, {1, problem.n}, batched ? 1 << 2 : 1 << 1, &attributes);

  const memory::desc in(dims(problem.m, problem.k), dnnl_type(problem.lhs), rows);
  const memory::desc out(dims(problem.m, problem.n), dnnl_type(problem.epilogue.out_type), rows);
  const memory::desc plain(dims(problem.k, problem.n), rhs_type, rhs_tag);
  const memory::desc wanted(dims(problem.k, problem.n), rhs_type,
                            problem.pack_rhs ? Tag::any : rhs_tag);

  const auto desc = describe<dnnl::matmul>(attributes.attr, in, wanted, desc_of(bias), out);
  auto state = State::make<dnnl::matmul>(desc);
  if (problem.pack_rhs) {
    state->pack_weights(view_of(rhs, plain), desc.weights_desc());
  } else {
    state->bind(DNNL_ARG_WEIGHTS, view_of(rhs, plain));
  }
  state->bind(DNNL_ARG_BIAS, bias);
  state->bind(attributes);
  return std::unique_ptr<Gemm>(new Gemm(std::move(state)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

}  // namespace octet::onednn
