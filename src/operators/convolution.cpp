#include "octet/convolution.hpp"

#include <algorithm>
#include <new>

#include "operators/convolution_core.hpp"
#include "operators/convolution_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {

Status check_config(const ConvolutionConfig& c, const void* weights) {
  OCTET_RETURN_IF_ERROR(check_8bit("in_type", c.in_type));
  OCTET_RETURN_IF_ERROR(check_zero_point("in_zero_point", c.in_zero_point, c.in_type));
  OCTET_RETURN_IF_ERROR(check_8bit("weights_type", c.weights_type));
  if (c.weights_layout != WeightsLayout::kOHWI && c.weights_layout != WeightsLayout::kOIHW &&
      c.weights_layout != WeightsLayout::kHWIO)
    return Status::invalid_argument("weights_layout is %d, which is no WeightsLayout",
                                    static_cast<int>(c.weights_layout));
  const struct {
    const char* name;
    std::int64_t value, least;
  } sizes[] = {{"in_channels", c.in_channels, 1},
               {"out_channels", c.out_channels, 1},
               {"kernel_h", c.kernel_h, 1},
               {"kernel_w", c.kernel_w, 1},
               {"stride_h", c.stride_h, 1},
               {"stride_w", c.stride_w, 1},
               {"dilation_h", c.dilation_h, 1},
               {"dilation_w", c.dilation_w, 1},
               {"pad_top", c.pad_top, 0},
               {"pad_left", c.pad_left, 0},
               {"pad_bottom", c.pad_bottom, 0},
               {"pad_right", c.pad_right, 0},
               {"groups", c.groups, 1}};
  for (const auto& size : sizes)
    OCTET_RETURN_IF_ERROR(check_size(size.name, size.value, size.least));
  if (c.in_channels % c.groups != 0 || c.out_channels % c.groups != 0)
    return Status::invalid_argument(
        "groups is %lld, but must divide in_channels, %lld, and out_channels, %lld",
        static_cast<long long>(c.groups), static_cast<long long>(c.in_channels),
        static_cast<long long>(c.out_channels));
  std::int64_t values = 0;
  OCTET_RETURN_IF_ERROR(checked_product("kernel_h * kernel_w", c.kernel_h, c.kernel_w, values));
  OCTET_RETURN_IF_ERROR(checked_product("kernel_h * kernel_w * in_channels / groups", values,
                                        c.in_channels / c.groups, values));
  OCTET_RETURN_IF_ERROR(checked_product("the size of the weights", values, c.out_channels, values));
  OCTET_RETURN_IF_ERROR(check_zero_points("weights_zero_point", c.weights_zero_point,
                                          c.out_channels, c.weights_type));
  OCTET_RETURN_IF_ERROR(check_epilogue(c.epilogue, c.out_channels));
  if (weights == nullptr) return Status::invalid_argument("weights is null");
  return {};
}

struct Convolution::Impl : ConvolutionCore {};
constexpr std::string_view kOperation = "convolution";

Convolution::Convolution() noexcept = default;
Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

Status Convolution::create(const ConvolutionConfig& config, const void* weights,
                           Convolution& convolution) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_config(config, weights));
  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (!impl) return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
  OCTET_RETURN_IF_ERROR(
      ConvolutionCore::create(*kernels, config, view_weights(config, weights), *impl));
  call.end_create([&] { return impl->explain(kOperation); });
  convolution.impl_ = std::move(impl);
  return {};
}

std::int64_t Convolution::out_height(std::int64_t in_height) const noexcept {
  return impl_ ? impl_->geometry.out_height(in_height) : 0;
}
std::int64_t Convolution::out_width(std::int64_t in_width) const noexcept {
  return impl_ ? impl_->geometry.out_width(in_width) : 0;
}
std::string_view Convolution::isa() const noexcept {
  return impl_ ? impl_->kernels->name : std::string_view();
}
std::string_view Convolution::form() const noexcept {
  return impl_ ? name_of(impl_->form) : std::string_view();
}
std::size_t Convolution::packed_bytes() const noexcept {
  return impl_ ? static_cast<std::size_t>(impl_->bytes()) : 0;
}

std::size_t Convolution::scratch_bytes(std::int64_t batch, std::int64_t in_height,
                                       std::int64_t in_width, int threads) const noexcept {
  return impl_ ? impl_->scratch_bytes({batch, 1, in_height, in_width}, threads) : 0;
}

Explanation Convolution::explain(std::int64_t batch, std::int64_t in_height, std::int64_t in_width,
                                 const Executor* executor) const noexcept {
  if (!impl_) return {};
  return impl_->explain(kOperation, {batch, 1, in_height, in_width}, executor);
}

Status Convolution::run(const ConstImages& in, const Images& out, const Resources& resources,
                        const ConstImages& residual) const noexcept {
  const VerboseCall call;
  if (!impl_) return Status::invalid_argument("convolution: run before create");
  OCTET_RETURN_IF_ERROR(
      impl_->check_images_of_run(in, out, out_height(in.height), out_width(in.width)));
  OCTET_RETURN_IF_ERROR(check_residual(impl_->residual, residual, out));
  OCTET_RETURN_IF_ERROR(
      impl_->run(as_volumes(in), as_volumes(out), as_volumes(residual), resources));
  call.end_run([&] { return explain(in.batch, in.height, in.width, resources.executor); });
  return {};
}

}  // namespace octet
