#include "onednn.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "oneapi/dnnl/dnnl.hpp"

namespace octet::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

dnnl::engine& engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  static dnnl::stream stream(engine());
  return stream;
}

memory::data_type dnnl_type(DataType type) {
  switch (type) {
    case DataType::kS8:
      return memory::data_type::s8;
    case DataType::kU8:
      return memory::data_type::u8;
    case DataType::kS32:
      return memory::data_type::s32;
    case DataType::kF32:
      return memory::data_type::f32;
  }
  return memory::data_type::undef;
}

/// A memory of its own that holds a copy of `values`.
template <class T>
memory copy_of(const std::vector<T>& values, const memory::desc& desc) {
  memory copy(desc, engine());
  std::memcpy(copy.get_data_handle(), values.data(), values.size() * sizeof(T));
  return copy;
}

/// A view of memory that oneDNN will only read.
memory view_of(const void* data, const memory::desc& desc) {
  return memory(desc, engine(), const_cast<void*>(data));
}

#if DNNL_VERSION_MAJOR >= 3
/// A 1-D memory, for the numbers that attributes take at run time.
template <class T>
memory vector_of(const std::vector<T>& values, memory::data_type type) {
  return copy_of(values, {{static_cast<memory::dim>(values.size())}, type, Tag::a});
}

template <class Operation, class... Args>
typename Operation::primitive_desc describe(const dnnl::primitive_attr& attr, const Args&... args) {
  return {engine(), args..., attr};
}
#else
template <class Operation, class... Args>
typename Operation::primitive_desc describe(const dnnl::primitive_attr& attr, const Args&... args) {
  return {typename Operation::desc(args...), attr, engine()};
}
#endif

/// The attributes of a primitive. oneDNN 2.x keeps the numbers in them, 3.x takes them as further
/// arguments at each execute.
struct Attributes {
  dnnl::primitive_attr attr;
  std::vector<std::pair<int, memory>> args;

  void set_zero_point(int arg, std::int32_t value) {
    if (value == 0) return;
#if DNNL_VERSION_MAJOR >= 3
    attr.set_zero_points_mask(arg, 0);
    args.emplace_back(DNNL_ARG_ATTR_ZERO_POINTS | arg,
                      vector_of(std::vector{value}, memory::data_type::s32));
#else
    attr.set_zero_points(arg, 0, {value});
#endif
  }

  /// `mask` has a bit for each dimension of the weights (3.x) that the columns are made of.
  void set_scale(const std::vector<float>& scale, [[maybe_unused]] int mask) {
#if DNNL_VERSION_MAJOR >= 3
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, scale.size() == 1 ? 0 : mask);
    args.emplace_back(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS,
                      vector_of(scale, memory::data_type::f32));
#else
    attr.set_output_scales(scale.size() == 1 ? 0 : 1 << 1, scale);
#endif
  }

  /// Clamps what lies before the zero point is added. An infinite bound is open.
  void set_clamp(float min, float max) {
    const bool open_max = std::isinf(max);
    if (std::isinf(min) && open_max) return;
    dnnl::post_ops ops;
    const auto append = [&](dnnl::algorithm algorithm, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
      ops.append_eltwise(algorithm, alpha, beta);
#else
      ops.append_eltwise(1.0f, algorithm, alpha, beta);
#endif
    };
    constexpr float kMost = std::numeric_limits<float>::max();
    if (min == 0 && open_max) {
      append(dnnl::algorithm::eltwise_relu, 0, 0);
    } else {
      append(dnnl::algorithm::eltwise_clip, std::isinf(min) ? -kMost : min, open_max ? kMost : max);
    }
    attr.set_post_ops(ops);
  }
};

/// Why oneDNN cannot compute this epilogue for `n` columns; null if it can.
const char* refusal(const Epilogue& epilogue, std::int64_t n) {
  const auto is_size = [](std::size_t size, std::int64_t wanted) {
    return static_cast<std::int64_t>(size) == wanted;
  };
  if (!epilogue.bias.empty() && !is_size(epilogue.bias.size(), n)) return "bias is not [N]";
  if (epilogue.out_type == DataType::kS32) {
    if (!epilogue.scale.empty()) return "an s32 output has no scale";
    if (epilogue.zero_point != 0) return "an s32 output has no zero point";
    const bool open = std::isinf(epilogue.min) && std::isinf(epilogue.max);
    return open ? nullptr : "an s32 output has no clamp";
  }
  if (!is_size(epilogue.scale.size(), 1) && !is_size(epilogue.scale.size(), n)) {
    return "scale is neither [N] nor [1]";
  }
  if (epilogue.out_type == DataType::kF32) {
    return epilogue.zero_point == 0 ? nullptr : "an f32 output has no zero point";
  }
  // oneDNN clamps before it rounds, which is the same for whole bounds only.
  for (const float bound : {epilogue.min, epilogue.max}) {
    if (std::isfinite(bound) && bound != std::nearbyint(bound)) return "a bound is no whole number";
  }
  return nullptr;
}

/// Turns the epilogue into attributes, and its bias into the memory that the primitive adds.
/// The result is empty if there is no bias.
memory apply(const Epilogue& epilogue, const memory::dims& bias_dims, int scale_mask,
             Attributes* attributes) {
  float min = epilogue.min;
  float max = epilogue.max;
  if (epilogue.out_type == DataType::kS8 || epilogue.out_type == DataType::kU8) {
    const float lowest = epilogue.out_type == DataType::kS8 ? -128 : 0;
    const float zero_point = static_cast<float>(epilogue.zero_point);
    // The store saturates anyway: a bound that the type implies costs nothing.
    min = min <= lowest ? -INFINITY : min - zero_point;
    max = max >= lowest + 255 ? INFINITY : max - zero_point;
    attributes->set_zero_point(DNNL_ARG_DST, epilogue.zero_point);
  }
  if (!epilogue.scale.empty()) attributes->set_scale(epilogue.scale, scale_mask);
  attributes->set_clamp(min, max);
  if (epilogue.bias.empty()) return {};
  const Tag tag = bias_dims.size() == 1 ? Tag::a : Tag::ab;
#if DNNL_VERSION_MAJOR >= 3
  if (!epilogue.scale.empty()) {  // 3.x adds the bias after scaling.
    std::vector<float> bias(epilogue.bias.begin(), epilogue.bias.end());
    for (std::size_t n = 0; n < bias.size(); ++n) {
      bias[n] *= epilogue.scale[epilogue.scale.size() == 1 ? 0 : n];
    }
    return copy_of(bias, {bias_dims, memory::data_type::f32, tag});
  }
#endif
  return copy_of(epilogue.bias, {bias_dims, memory::data_type::s32, tag});
}

memory::desc desc_of(const memory& maybe_empty) {
  return maybe_empty ? maybe_empty.get_desc() : memory::desc();
}

}  // namespace

struct Primitive::State {
  dnnl::primitive primitive;
  std::string implementation;
  memory in, out;
  std::vector<memory> memories;  // What `args` point to.
  std::vector<dnnl_exec_arg_t> args;

  template <class Operation>
  static std::unique_ptr<State> make(const typename Operation::primitive_desc& desc) {
    auto state = std::make_unique<State>();
    state->primitive = Operation(desc);
    state->implementation = desc.impl_info_str();
    state->bind(DNNL_ARG_SRC, state->in = memory(desc.src_desc(), engine(), nullptr));
    state->bind(DNNL_ARG_DST, state->out = memory(desc.dst_desc(), engine(), nullptr));
    return state;
  }

  void bind(int arg, const memory& memory) {
    if (!memory) return;
    memories.push_back(memory);
    args.push_back({arg, memory.get()});
  }

  void bind(const Attributes& attributes) {
    for (const auto& [arg, memory] : attributes.args) bind(arg, memory);
  }

  /// Copies the weights into the layout that the primitive chose.
  void pack_weights(memory source, const memory::desc& chosen) {
    memory packed(chosen, engine());
    dnnl::reorder(source, packed).execute(stream(), source, packed);
    stream().wait();
    bind(DNNL_ARG_WEIGHTS, packed);
  }
};

Primitive::Primitive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Primitive::~Primitive() = default;

void Primitive::run(const void* in, void* out) {
  State& state = *state_;
  state.in.set_data_handle(const_cast<void*>(in));
  state.out.set_data_handle(out);
  // The C function takes the arguments as they are; the C++ one would build them anew each time.
  const dnnl_status_t status =
      dnnl_primitive_execute(state.primitive.get(), stream().get(),
                             static_cast<int>(state.args.size()), state.args.data());
  dnnl::error::wrap_c_api(status, "oneDNN could not execute a primitive");
  stream().wait();
}

std::string Primitive::implementation() const { return state_->implementation; }

std::string version() {
  const dnnl_version_t* version = dnnl_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

void set_threads(int count) {
  // Looked up, not linked: it must be the OpenMP library that oneDNN itself is bound to.
  using SetThreads = void (*)(int);
  const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set != nullptr) set(count);
}

bool cap_isa(std::string_view octet_isa) {
  if (octet_isa == "avx512_vnni") return true;  // Its int8 kernels also serve the ISAs above it.
  dnnl::cpu_isa isa;
  if (octet_isa == "avx_vnni") {
    isa = dnnl::cpu_isa::avx2_vnni;
  } else if (octet_isa == "avx2") {
    isa = dnnl::cpu_isa::avx2;
  } else if (octet_isa == "scalar") {
    isa = dnnl::cpu_isa::sse41;
  } else {
    return false;
  }
  return dnnl::set_max_cpu_isa(isa) == dnnl::status::success;
}

std::unique_ptr<Gemm> Gemm::create(const GemmProblem& problem, const void* rhs,
                                   std::string* error) try {
  if (std::min({problem.m, problem.n, problem.k}) < 1) {  // 2.x divides by zero.
    *error = "m, n or k is not positive";
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
    flipped.assign(bytes, bytes + problem.k * problem.n);
    for (std::uint8_t& byte : flipped) byte ^= 0x80;
    rhs = flipped.data();
    rhs_type = memory::data_type::s8;
    rhs_zero_point -= 128;
  }

  Attributes attributes;
  attributes.set_zero_point(DNNL_ARG_SRC, problem.lhs_zero_point);
  attributes.set_zero_point(DNNL_ARG_WEIGHTS, rhs_zero_point);
  const memory bias = apply(problem.epilogue, {1, problem.n}, 1 << 1, &attributes);

  const memory::desc in({problem.m, problem.k}, dnnl_type(problem.lhs), Tag::ab);
  const memory::desc out({problem.m, problem.n}, dnnl_type(problem.epilogue.out_type), Tag::ab);
  const memory::dims rhs_dims = {problem.k, problem.n};
  const memory::desc plain(rhs_dims, rhs_type, Tag::ab);
  const memory::desc wanted(rhs_dims, rhs_type, problem.pack_rhs ? Tag::any : Tag::ab);

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

namespace {

/// The descriptors that an 8-bit and a float convolution have in common.
struct ConvDescs {
  memory::desc in, out, plain_weights, weights;

  ConvDescs(const ConvProblem& p, memory::data_type in_type, memory::data_type weights_type,
            memory::data_type out_type)
      : in({p.batch, p.in_channels, p.in_h, p.in_w}, in_type, Tag::nhwc),
        out({p.batch, p.out_channels, p.out_h(), p.out_w()}, out_type, Tag::nhwc) {
    const bool grouped = p.groups > 1;
    memory::dims dims = {p.out_channels / p.groups, p.in_channels / p.groups, p.kernel_h,
                         p.kernel_w};
    if (grouped) dims.insert(dims.begin(), p.groups);
    plain_weights = memory::desc(dims, weights_type, grouped ? Tag::gohwi : Tag::ohwi);
    weights = memory::desc(dims, weights_type, Tag::any);
  }

  dnnl::convolution_forward::primitive_desc describe_with(const ConvProblem& p, const memory& bias,
                                                          const dnnl::primitive_attr& attr) const {
    return describe<dnnl::convolution_forward>(
        attr, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, in, weights,
        desc_of(bias), out, memory::dims{p.stride_h, p.stride_w},
        memory::dims{p.dilation_h - 1, p.dilation_w - 1}, memory::dims{p.pad_top, p.pad_left},
        memory::dims{p.pad_bottom, p.pad_right});
  }
};

}  // namespace

std::unique_ptr<Conv> Conv::create(const ConvProblem& problem, const void* weights,
                                   std::string* error) try {
  if (const char* why = refusal(problem.epilogue, problem.out_channels)) {
    *error = why;
    return nullptr;
  }
  Attributes attributes;
  attributes.set_zero_point(DNNL_ARG_SRC, problem.in_zero_point);
  const int scale_mask = problem.groups > 1 ? (1 << 0 | 1 << 1) : 1 << 0;
  const memory bias = apply(problem.epilogue, {problem.out_channels}, scale_mask, &attributes);

  const ConvDescs descs(problem, dnnl_type(problem.in), dnnl_type(problem.weights),
                        dnnl_type(problem.epilogue.out_type));
  const auto desc = descs.describe_with(problem, bias, attributes.attr);
  auto state = State::make<dnnl::convolution_forward>(desc);
  state->pack_weights(view_of(weights, descs.plain_weights), desc.weights_desc());
  state->bind(DNNL_ARG_BIAS, bias);
  state->bind(attributes);
  return std::unique_ptr<Conv>(new Conv(std::move(state)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

std::unique_ptr<FloatConv> FloatConv::create(const ConvProblem& problem, const float* weights,
                                             const float* bias, bool relu, std::string* error) try {
  constexpr auto kFloat = memory::data_type::f32;
  Attributes attributes;
  if (relu) attributes.set_clamp(0, INFINITY);
  const memory bias_copy = copy_of(std::vector<float>(bias, bias + problem.out_channels),
                                   {{problem.out_channels}, kFloat, Tag::a});
  const ConvDescs descs(problem, kFloat, kFloat, kFloat);
  const auto desc = descs.describe_with(problem, bias_copy, attributes.attr);
  auto state = State::make<dnnl::convolution_forward>(desc);
  state->pack_weights(view_of(weights, descs.plain_weights), desc.weights_desc());
  state->bind(DNNL_ARG_BIAS, bias_copy);
  return std::unique_ptr<FloatConv>(new FloatConv(std::move(state)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

std::unique_ptr<FloatMaxPool> FloatMaxPool::create(std::int64_t batch, std::int64_t h,
                                                   std::int64_t w, std::int64_t channels,
                                                   std::string* error) try {
  constexpr auto kFloat = memory::data_type::f32;
  const memory::desc in({batch, channels, h, w}, kFloat, Tag::nhwc);
  const memory::desc out({batch, channels, h / 2, w / 2}, kFloat, Tag::nhwc);
  const memory::dims two = {2, 2};
  const memory::dims none = {0, 0};
  const auto desc =
      describe<dnnl::pooling_forward>(dnnl::primitive_attr(), dnnl::prop_kind::forward_inference,
                                      dnnl::algorithm::pooling_max, in, out, two, two,
#if DNNL_VERSION_MAJOR >= 3
                                      none,
#endif
                                      none, none);
  return std::unique_ptr<FloatMaxPool>(new FloatMaxPool(State::make<dnnl::pooling_forward>(desc)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

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
