#include "dispatch/convolution_form.hpp"

namespace octet {
namespace {

/// Time for a row of a tile in k-groups: those of the taps, and for each tap its pointers, its loop
/// and, where k is not a multiple of kKr, a last group that is put together from bytes.
double groups_of(std::int64_t taps, std::int64_t k) {
  constexpr double kTapOverhead = 1.0;
  constexpr double kTailOverhead = 1.5;
  const double groups = static_cast<double>((k + kKr - 1) / kKr);
  return static_cast<double>(taps) * (groups + kTapOverhead + (k % kKr != 0 ? kTailOverhead : 0.0));
}

bool has_grouped_tiles(const ConvolutionConfig& config, const KernelTable& kernels) {
  if (config.groups == 1 || config.in_channels != config.out_channels) return false;
  const std::int64_t channels = config.in_channels / config.groups;
  return (channels == 4 && kernels.grouped_rows[0] > 0) ||
         (channels == 8 && kernels.grouped_rows[1] > 0);
}

}  // namespace

ConvolutionForm choose_convolution_form(const ConvolutionConfig& config, const KernelTable& kernels,
                                        bool row_sums) {
  // Taps that are very far apart would leave nothing of what is staged in the caches.
  constexpr std::int64_t kMostReach = 1024;
  if (config.groups == config.in_channels && config.groups > 1 &&
      (config.kernel_h == 1 || (config.kernel_w - 1) * config.dilation_w <= kMostReach))
    return ConvolutionForm::kDepthwise;
  if (!row_sums && has_grouped_tiles(config, kernels)) return ConvolutionForm::kGrouped;
  if (config.groups > 1 || config.kernel_w == 1 || config.dilation_w > 1)
    return ConvolutionForm::kIndirect;
  const double indirect = groups_of(config.kernel_h * config.kernel_w, config.in_channels);
  const double runs = groups_of(config.kernel_h, config.kernel_w * config.in_channels);
  // Runs pay for staging at the borders: they have to be clearly better.
  return runs < 0.8 * indirect ? ConvolutionForm::kRuns : ConvolutionForm::kIndirect;
}

}  // namespace octet
