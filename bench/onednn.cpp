#include "onednn.hpp"

#include <dlfcn.h>

#include "onednn_primitive.hpp"

namespace octet::onednn {

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
  } else if (octet_isa == "avx512") {
    isa = dnnl::cpu_isa::avx512_core;
  } else if (octet_isa == "avx2") {
    isa = dnnl::cpu_isa::avx2;
  } else if (octet_isa == "scalar") {
    isa = dnnl::cpu_isa::sse41;
  } else {
    return false;
  }
  return dnnl::set_max_cpu_isa(isa) == dnnl::status::success;
}

}  // namespace octet::onednn
