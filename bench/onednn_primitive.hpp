/// What the parts of the oneDNN adapter have in common: memory, attributes, a created primitive.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "oneapi/dnnl/dnnl.hpp"
#include "onednn.hpp"

namespace octet::onednn {

using dnnl::memory;
using Tag = memory::format_tag;

dnnl::engine& engine();
dnnl::stream& stream();
memory::data_type dnnl_type(DataType type);

/// A memory of its own that holds a copy of `values`.
template <class T>
memory copy_of(const std::vector<T>& values, const memory::desc& desc) {
  memory copy(desc, engine());
  std::memcpy(copy.get_data_handle(), values.data(), values.size() * sizeof(T));
  return copy;
}

/// A view of memory that oneDNN will only read.
inline memory view_of(const void* data, const memory::desc& desc) {
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
const char* refusal(const Epilogue& epilogue, std::int64_t n);

/// Turns the epilogue into attributes, and its bias into the memory that the primitive adds.
/// The result is empty if there is no bias.
memory apply(const Epilogue& epilogue, const memory::dims& bias_dims, int scale_mask,
             Attributes* attributes);

inline memory::desc desc_of(const memory& maybe_empty) {
  return maybe_empty ? maybe_empty.get_desc() : memory::desc();
}

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

}  // namespace octet::onednn
