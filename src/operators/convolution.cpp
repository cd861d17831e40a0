#include "octet/convolution.hpp"

#include <algorithm>
#include <new>

#include "operators/convolution_core.hpp"
#include "operators/convolution_weights.hpp"
#include "operators/folded_rows.hpp"
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

struct Convolution::Impl : ConvolutionCore {
  std::int64_t fold = 1;
  ConvolutionCore folded;  ///< For `fold` pixels at a time, if that is more than one.

  Status create_folded(const ConvolutionConfig& config, const WeightsView& view);
  /// Whether the pixels of a line are folded, if there are no gaps between them.
  bool folds(std::int64_t out_width) const { return fold > 1 && out_width % fold == 0; }
};
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
  const WeightsView view = view_weights(config, weights);
  OCTET_RETURN_IF_ERROR(ConvolutionCore::create(*kernels, config, view, *impl));
  OCTET_RETURN_IF_ERROR(impl->create_folded(config, view));
  call.end_create([&] { return impl->explain(kOperation); });
  convolution.impl_ = std::move(impl);
  return {};
}

Status Convolution::Impl::create_folded(const ConvolutionConfig& config, const WeightsView& view) {
  fold =
      fold_of(*kernels, config, view,
              {config.in_type, config.in_zero_point, config.weights_zero_point, config.epilogue});
  if (fold == 1) return {};
  FoldedWeights made;
  OCTET_RETURN_IF_ERROR(
      FoldedWeights::create(view, config.epilogue, config.kernel_w, config.stride_w, fold, made));
  ConvolutionConfig wider = config;
  wider.kernel_w += config.stride_w * (fold - 1);
  wider.stride_w *= fold;
  wider.out_channels *= fold;
  wider.weights_zero_point = folded_zero_points(config.weights_zero_point);
  wider.epilogue = made.epilogue();
  // Of neighbouring pixels without a border nothing is staged.
  if (config.kernel_h == 1 && config.kernel_w == 1) wider.form = name_of(ConvolutionForm::kRuns);
  return ConvolutionCore::create(*kernels, wider, made.view(), folded);
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
  if (!impl_) return 0;
  return static_cast<std::size_t>(impl_->bytes() + (impl_->fold > 1 ? impl_->folded.bytes() : 0));
}

std::size_t Convolution::scratch_bytes(std::int64_t batch, std::int64_t in_height,
                                       std::int64_t in_width, int threads) const noexcept {
  if (!impl_) return 0;
  const VolumeSize in = {batch, 1, in_height, in_width};
  const std::size_t bytes = impl_->scratch_bytes(in, threads);
  if (bytes == 0 || !impl_->folds(out_width(in_width))) return bytes;
  return std::max(bytes, impl_->folded.scratch_bytes(in, threads));
}

Explanation Convolution::explain(std::int64_t batch, std::int64_t in_height, std::int64_t in_width,
                                 const Executor* executor) const noexcept {
  if (!impl_) return {};
  Explanation made = impl_->explain(kOperation, {batch, 1, in_height, in_width}, executor);
  made.packed_bytes = packed_bytes();
  if (made.scratch_bytes == 0 || !impl_->folds(out_width(in_width))) return made;
  made.scratch_bytes = scratch_bytes(batch, in_height, in_width, threads_of(executor).count);
  made.reason = "few outputs: several pixels, if there are no gaps between them, are taken as one";
  return made;
}

Status Convolution::run(const ConstImages& in, const Images& out, const Resources& resources,
                        const ConstImages& residual) const noexcept {
  const VerboseCall call;
  if (!impl_) return Status::invalid_argument("convolution: run before create");
  OCTET_RETURN_IF_ERROR(
      impl_->check_images_of_run(in, out, out_height(in.height), out_width(in.width)));
  if (impl_->residual || residual.data != nullptr)
    OCTET_RETURN_IF_ERROR(check_residual(impl_->residual, residual, out));
  const bool folds =
      impl_->folds(out.width) && in.pixel_stride == in.channels && out.pixel_stride == out.channels;
  OCTET_RETURN_IF_ERROR(
      folds ? impl_->folded.run(as_volumes(in), as_volumes(folded_pixels(out, impl_->fold)), {},
                                resources)
            : impl_->run(as_volumes(in), as_volumes(out), as_volumes(residual), resources));
  call.end_run([&] { return explain(in.batch, in.height, in.width, resources.executor); });
  return {};
}

}  // namespace octet
