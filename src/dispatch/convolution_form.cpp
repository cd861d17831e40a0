#include "dispatch/convolution_form.hpp"

#include <algorithm>

namespace octet {
namespace {

/// What one output pixel costs, in cycles of a core that starts two dot products in each.
struct PixelCost {
  PixelCost(const ConvolutionConfig& config, const KernelTable& kernels)
      : dots_per_group(
            0.5 * static_cast<double>((config.out_channels + kernels.lanes - 1) / kernels.lanes)) {}
  /// The k-groups of the taps, and for each tap its pointer, its loop and, where k is not a
  /// multiple of kKr, a last group that is moved into place, or, of a row that has no other, put
  /// together from bytes.
  double of_taps(std::int64_t taps, std::int64_t k) const {
    constexpr double kPointer = 0.5, kMoved = 2.0, kPutTogether = 3.0;
    constexpr double kLoop = 0.5, kTail = 1.5;  // in k-groups
    const double groups = static_cast<double>((k + kKr - 1) / kKr) + kLoop;
    const double tail =
        k % kKr == 0 ? 0 : dots_per_group * kTail + (k < kKr ? kPutTogether : kMoved);
    return static_cast<double>(taps) * (dots_per_group * groups + tail + kPointer);
  }
  /// One tap of whole k-groups, and the copies of its runs, in pieces of 16 bytes: in a loop of
  /// their own from three on.
  double of_im2col(std::int64_t runs, std::int64_t run_bytes) const {
    constexpr double kPixel = 3.0, kPiece = 1.1, kPieceOfMany = 2.0;
    const std::int64_t pieces = (run_bytes + 15) / 16;
    return of_taps(1, (runs * run_bytes + kKr - 1) / kKr * kKr) + kPixel +
           static_cast<double>(runs * pieces) * (pieces > 2 ? kPieceOfMany : kPiece);
  }
  double dots_per_group;
};

bool has_grouped_tiles(const ConvolutionConfig& config, const KernelTable& kernels) {
  if (config.groups == 1 || config.in_channels != config.out_channels) return false;
  const std::int64_t channels = config.in_channels / config.groups;
  return (channels == 4 && kernels.grouped_rows[0] > 0) ||
         (channels == 8 && kernels.grouped_rows[1] > 0) ||
         (channels == 16 && kernels.grouped_rows[2] > 0);
}

/// Whether a form can compute a layer at all.
bool serves(ConvolutionForm form, const ConvolutionConfig& config, const KernelTable& kernels,
            bool row_sums) {
  // Taps that are very far apart would leave nothing of what is staged in the caches.
  constexpr std::int64_t kMostReach = 1024;
  switch (form) {
    case ConvolutionForm::kIndirect:
      return true;
    case ConvolutionForm::kRuns:
      return config.groups == 1 && config.dilation_w == 1;
    case ConvolutionForm::kIm2col:
      return config.groups == 1 && config.dilation_w == 1 && config.kernel_h <= kMostIm2colRuns;
    case ConvolutionForm::kGrouped:
      return !row_sums && has_grouped_tiles(config, kernels);
    case ConvolutionForm::kDepthwise:
      return config.groups == config.in_channels && config.groups > 1 &&
             (config.kernel_h == 1 || (config.kernel_w - 1) * config.dilation_w <= kMostReach);
  }
  return false;
}

/// Of those that serve, the one that takes least time.
ConvolutionForm best_form(const ConvolutionConfig& config, const KernelTable& kernels,
                          bool row_sums) {
  const auto can = [&](ConvolutionForm form) { return serves(form, config, kernels, row_sums); };
  if (can(ConvolutionForm::kDepthwise)) return ConvolutionForm::kDepthwise;
  if (can(ConvolutionForm::kGrouped)) return ConvolutionForm::kGrouped;
  if (config.kernel_w == 1) return ConvolutionForm::kIndirect;
  const PixelCost cost(config, kernels);
  const std::int64_t run = config.kernel_w * config.in_channels;
  // Copies of borders or of all pixels cost more than is counted: they have to be clearly better.
  constexpr double kClearly = 0.9;
  double least = kClearly * cost.of_taps(config.kernel_h * config.kernel_w, config.in_channels);
  ConvolutionForm best = ConvolutionForm::kIndirect;
  const auto offer = [&](ConvolutionForm form, double time) {
    if (!can(form) || time >= least) return;
    least = time;
    best = form;
  };
  offer(ConvolutionForm::kRuns, cost.of_taps(config.kernel_h, run));
  // A filter of one row is a run as it is: copies would only move its end.
  if (config.kernel_h > 1) offer(ConvolutionForm::kIm2col, cost.of_im2col(config.kernel_h, run));
  return best;
}

}  // namespace

Status choose_convolution_form(const ConvolutionConfig& config, const KernelTable& kernels,
                               bool row_sums, ConvolutionForm& form) {
  if (config.form.empty()) {
    form = best_form(config, kernels, row_sums);
    return {};
  }
  for (const ConvolutionForm named : kConvolutionForms) {
    if (config.form != name_of(named)) continue;
    if (!serves(named, config, kernels, row_sums))
      return Status::error(StatusCode::kUnsupported,
                           "form is %s, which cannot compute this layer on %s", name_of(named),
                           kernels.name);
    form = named;
    return {};
  }
  return Status::invalid_argument("form is \"%.*s\", which is no form of convolution",
                                  static_cast<int>(std::min<std::size_t>(config.form.size(), 64)),
                                  config.form.data());
}

}  // namespace octet
