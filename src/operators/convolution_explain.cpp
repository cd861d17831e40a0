// What a convolution says of itself.
#include <cstdio>

#include "operators/convolution_core.hpp"
#include "operators/tasks.hpp"
#include "operators/verbose.hpp"

namespace octet {

void explain_shape(Explanation& explanation, const ConvolutionGeometry& filter,
                   std::int64_t out_channels, std::int64_t groups, const VolumeSize* in) {
  const auto ll = [](std::int64_t value) { return static_cast<long long>(value); };
  // Of volumes, or of images.
  const auto sizes = [&](char(&text)[64], const char* before, std::int64_t depth, bool has_depth,
                         std::int64_t height, std::int64_t width) {
    if (has_depth)
      std::snprintf(text, sizeof text, "%s%lldx%lldx%lld", before, ll(depth), ll(height),
                    ll(width));
    else
      std::snprintf(text, sizeof text, "%s%lldx%lld", before, ll(height), ll(width));
  };
  char batch[24] = "", images[64] = "", kernel[64], stride[64], dilation[64] = "",
       in_groups[32] = "";
  if (in != nullptr) {
    std::snprintf(batch, sizeof batch, "%lldx", ll(in->batch));
    sizes(images, batch, in->depth, in->depth != 1, in->height, in->width);
  }
  const bool deep = filter.kernel_d != 1 || filter.stride_d != 1;
  sizes(kernel, "", filter.kernel_d, deep, filter.kernel_h, filter.kernel_w);
  sizes(stride, "stride ", filter.stride_d, deep, filter.stride_h, filter.stride_w);
  if (filter.dilation_d != 1 || filter.dilation_h != 1 || filter.dilation_w != 1)
    sizes(dilation, ", dilation ", filter.dilation_d, deep, filter.dilation_h, filter.dilation_w);
  if (groups != 1) std::snprintf(in_groups, sizeof in_groups, ", %lld groups", ll(groups));
  set_shape(explanation, "%s%s%lld to %lld channels, %s, %s%s%s", images, in != nullptr ? ", " : "",
            ll(filter.in_channels), ll(out_channels), kernel, stride, dilation, in_groups);
}

Explanation ConvolutionCore::explain(std::string_view operation) const {
  Explanation made;
  made.operation = operation;
  explain_shape(made, geometry, out_channels, format.groups);
  made.in_type = in_type;
  made.weights_type = weights_type;
  made.out_type = out_type;
  made.isa = kernels->name;
  made.form = name_of(form);
  made.reason = reason_for(form);
  made.staged = format.stager != nullptr;
  made.packed_bytes = static_cast<std::size_t>(bytes());
  return made;
}

Explanation ConvolutionCore::explain(std::string_view operation, const VolumeSize& in,
                                     const Executor* executor) const {
  Explanation made = explain(operation);
  const Threads threads = threads_of(executor);
  made.scratch_bytes = scratch_bytes(in, threads.count);
  if (made.scratch_bytes == 0) return made;
  explain_work(made, work_size(in), threads);
  explain_shape(made, geometry, out_channels, format.groups, &in);
  made.bytes = pixels_of(in) * static_cast<double>(geometry.in_channels);
  add_outputs(made, pixels_of(out_size(in)));
  return made;
}

}  // namespace octet
