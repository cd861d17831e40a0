#include "octet/convolution3d.hpp"

#include <new>

#include "operators/convolution_core.hpp"
#include "operators/convolution_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {
namespace {

Status check_config(const Convolution3dConfig& c, const void* weights) {
  OCTET_RETURN_IF_ERROR(check_config(c.plane, weights));
  OCTET_RETURN_IF_ERROR(check_size("kernel_d", c.kernel_d, 1));
  OCTET_RETURN_IF_ERROR(check_size("stride_d", c.stride_d, 1));
  OCTET_RETURN_IF_ERROR(check_size("dilation_d", c.dilation_d, 1));
  OCTET_RETURN_IF_ERROR(check_size("pad_front", c.pad_front, 0));
  OCTET_RETURN_IF_ERROR(check_size("pad_back", c.pad_back, 0));
  if (c.plane.form == name_of(ConvolutionForm::kDepthwise))
    return Status::error(StatusCode::kUnsupported, "form is depthwise, which is for images only");
  // Of a plane it has been checked.
  const std::int64_t plane = c.plane.kernel_h * c.plane.kernel_w * c.plane.out_channels *
                             (c.plane.in_channels / c.plane.groups);
  std::int64_t values = 0;
  return checked_product("the size of the weights", plane, c.kernel_d, values);
}

ConvolutionGeometry geometry_of(const Convolution3dConfig& c) {
  ConvolutionGeometry geometry(c.plane);
  geometry.kernel_d = c.kernel_d;
  geometry.stride_d = c.stride_d;
  geometry.dilation_d = c.dilation_d;
  geometry.pad_front = c.pad_front;
  geometry.pad_back = c.pad_back;
  return geometry;
}

/// With a filter of kernel_d * kernel_h rows: so its weights lie, and so many lines it reads.
ConvolutionConfig flattened(const Convolution3dConfig& c) {
  ConvolutionConfig flat = c.plane;
  flat.kernel_h *= c.kernel_d;
  return flat;
}

constexpr std::string_view kOperation = "convolution3d";

}  // namespace

struct Convolution3d::Impl : ConvolutionCore {};

Convolution3d::Convolution3d() noexcept = default;
Convolution3d::~Convolution3d() = default;
Convolution3d::Convolution3d(Convolution3d&&) noexcept = default;
Convolution3d& Convolution3d::operator=(Convolution3d&&) noexcept = default;

Status Convolution3d::create(const Convolution3dConfig& config, const void* weights,
                             Convolution3d& convolution) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.plane.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_config(config, weights));
  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (!impl) return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution3d");
  const ConvolutionConfig flat = flattened(config);
  OCTET_RETURN_IF_ERROR(ConvolutionCore::create(*kernels, flat, geometry_of(config), true,
                                                view_weights(flat, weights), *impl));
  call.end_create([&] { return impl->explain(kOperation); });
  convolution.impl_ = std::move(impl);
  return {};
}

std::int64_t Convolution3d::out_depth(std::int64_t in_depth) const noexcept {
  return impl_ ? impl_->geometry.out_depth(in_depth) : 0;
}
std::int64_t Convolution3d::out_height(std::int64_t in_height) const noexcept {
  return impl_ ? impl_->geometry.out_height(in_height) : 0;
}
std::int64_t Convolution3d::out_width(std::int64_t in_width) const noexcept {
  return impl_ ? impl_->geometry.out_width(in_width) : 0;
}
std::string_view Convolution3d::isa() const noexcept {
  return impl_ ? impl_->kernels->name : std::string_view();
}
std::string_view Convolution3d::form() const noexcept {
  return impl_ ? name_of(impl_->form) : std::string_view();
}
std::size_t Convolution3d::packed_bytes() const noexcept {
  return impl_ ? static_cast<std::size_t>(impl_->bytes()) : 0;
}

std::size_t Convolution3d::scratch_bytes(std::int64_t batch, std::int64_t in_depth,
                                         std::int64_t in_height, std::int64_t in_width,
                                         int threads) const noexcept {
  return impl_ ? impl_->scratch_bytes({batch, in_depth, in_height, in_width}, threads) : 0;
}

Explanation Convolution3d::explain(std::int64_t batch, std::int64_t in_depth,
                                   std::int64_t in_height, std::int64_t in_width,
                                   const Executor* executor) const noexcept {
  if (!impl_) return {};
  return impl_->explain(kOperation, {batch, in_depth, in_height, in_width}, executor);
}

Status Convolution3d::run(const ConstVolumes& in, const Volumes& out, const Resources& resources,
                          const ConstVolumes& residual) const noexcept {
  const VerboseCall call;
  if (!impl_) return Status::invalid_argument("convolution3d: run before create");
  OCTET_RETURN_IF_ERROR(check_type("in.type", in.type, impl_->in_type));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, impl_->out_type));
  OCTET_RETURN_IF_ERROR(check_volumes("in", in));
  OCTET_RETURN_IF_ERROR(check_equal("in.channels", in.channels, impl_->geometry.in_channels,
                                    "in_channels of the weights"));
  const VolumeSize size = impl_->out_size(sizes_of(in));
  OCTET_RETURN_IF_ERROR(check_at_least("in.depth: out_depth", size.depth, 1));
  OCTET_RETURN_IF_ERROR(check_at_least("in.height: out_height", size.height, 1));
  OCTET_RETURN_IF_ERROR(check_at_least("in.width: out_width", size.width, 1));
  OCTET_RETURN_IF_ERROR(check_volumes("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("out.batch", out.batch, in.batch, "in.batch"));
  OCTET_RETURN_IF_ERROR(check_equal("out.depth", out.depth, size.depth, "out_depth(in.depth)"));
  OCTET_RETURN_IF_ERROR(
      check_equal("out.height", out.height, size.height, "out_height(in.height)"));
  OCTET_RETURN_IF_ERROR(check_equal("out.width", out.width, size.width, "out_width(in.width)"));
  OCTET_RETURN_IF_ERROR(check_equal("out.channels", out.channels, impl_->out_channels,
                                    "out_channels of the weights"));
  OCTET_RETURN_IF_ERROR(check_residual(impl_->residual, residual, out));
  OCTET_RETURN_IF_ERROR(impl_->run(in, out, residual, resources));
  call.end_run(
      [&] { return explain(in.batch, in.depth, in.height, in.width, resources.executor); });
  return {};
}

}  // namespace octet
