#include "dispatch/convolution_form.hpp"

#include <algorithm>

#include "dispatch/column_shuffles.hpp"

namespace octet {
namespace {

/// The filter as kRuns sees it: turned if it is one column.
struct Runs {
  Runs(const ConvolutionConfig& config, std::int64_t kernel_d)
      : turned(config.kernel_w == 1 && config.kernel_h > kernel_d),
        taps(turned ? kernel_d : config.kernel_h),
        pixels(turned ? config.kernel_h / kernel_d : config.kernel_w),
        dilation(turned ? config.dilation_h : config.dilation_w),
        bytes(pixels * config.in_channels),
        lines_(octet::copies_lines(config.in_channels, turned)) {}
  bool copies_lines() const { return lines_; }
  bool turned;
  std::int64_t taps, pixels, dilation, bytes;

 private:
  bool lines_;
};

/// What one output pixel costs beyond what all forms pay, in cycles of a core that starts two dot
/// products in each.
class PixelCost {
 public:
  PixelCost(const ConvolutionConfig& config, const KernelTable& kernels) {
    const std::int64_t vectors = (config.out_channels + kernels.lanes - 1) / kernels.lanes;
    value_bytes_ = kernels.lhs_bytes;
    // Broadcasts, one for each row of a group, take as long as the products of one vector.
    group_ = std::max(0.65, 0.5 * static_cast<double>(vectors)) * value_bytes_;
    panels_ = static_cast<double>((vectors + kernels.max_vectors - 1) / kernels.max_vectors);
    const auto widest = static_cast<int>(std::min<std::int64_t>(vectors, kernels.max_vectors)) - 1;
    span_ = vectors == 1 ? kernels.narrow_span : kKr;
    vector_bytes_ = static_cast<double>(kKr * kernels.lanes);
    // Two vectors gain nothing.
    has_halves_ = (widest > 1 || has_twins()) &&
                  kernels.halves_tile[0][widest][kernels.max_rows[widest] - 1] != nullptr;
  }
  /// The k-groups of the taps, and for each tap its pointer, its loop and, where rows are direct
  /// and k is not a multiple of kKr, a last group that is moved into place, or, of a row that has
  /// no other, put together from bytes.
  double of_taps(std::int64_t taps, std::int64_t k) const {
    constexpr double kMoved = 2.0, kPutTogether = 3.0;
    constexpr double kTail = 1.5;  // in k-groups
    const bool has_tail = k % kKr != 0 && value_bytes_ == 1;
    const double tail = !has_tail ? 0 : group_ * kTail + (k < kKr ? kPutTogether : kMoved);
    return of_steps(taps, static_cast<double>(groups(k)) * group_ + tail) - in_halves(taps, k);
  }
  /// The same of rows that are copied, which are readable up to whole spans: where a panel is one
  /// vector these are two k-groups, whose products share a broadcast.
  double of_copied_taps(std::int64_t taps, std::int64_t k) const {
    constexpr double kSpan = 0.8;
    if (!has_twins() || taps * k <= kKr) return of_taps(taps, groups(k) * kKr);
    return of_steps(taps, static_cast<double>((k + span_ - 1) / span_) * kSpan) -
           in_halves(taps, k);
  }
  /// A tap for each position, and the staging of their lines where rows are staged.
  double of_indirect(const ConvolutionConfig& config) const {
    const std::int64_t k = config.in_channels / config.groups;
    const double taps = of_taps(config.kernel_h * config.kernel_w, k);
    return value_bytes_ == 1 ? taps : taps + of_lines(config, k % kKr == 0);
  }
  /// Taps of whole k-groups, and the copies of their lines, or of runs at the borders.
  double of_runs(const ConvolutionConfig& config, const Runs& runs) const {
    constexpr double kBorders = 3.0;
    if (!runs.copies_lines() && value_bytes_ == 1) return of_taps(runs.taps, runs.bytes) + kBorders;
    return of_copied_taps(runs.taps, runs.bytes) + of_lines(config, !runs.turned);
  }
  /// One tap, and the copies of its runs, in pieces of 16 bytes: in loops of their own where no
  /// count is known to the compiler.
  double of_im2col(const ConvolutionConfig& config) const {
    constexpr double kPixel = 0.9, kPiece = 1.05, kPieceInLoop = 1.5;
    const std::int64_t runs = config.kernel_h, values = config.kernel_w * config.in_channels;
    const std::int64_t pieces = (values * value_bytes_ + 15) / 16;
    return of_copied_taps(1, runs * values) + of_lines(config, true) + kPixel +
           static_cast<double>(runs * pieces) *
               (is_unrolled_im2col(runs, pieces) ? kPiece : kPieceInLoop);
  }
  /// One tap, and an output pixel's share of the columns: a vector of them is two shuffles, by
  /// orders from memory, for each line, and a store.
  double of_columns(const ConvolutionConfig& config) const {
    constexpr double kPixel = 2.0, kVector = 2.5, kLineOfVector = 1.8;
    const std::int64_t lines = config.kernel_h, line_bytes = config.in_channels * value_bytes_;
    const double vectors = static_cast<double>(config.stride_w) *
                           static_cast<double>(lines * line_bytes) / vector_bytes_;
    return of_copied_taps(1, lines * config.kernel_w * config.in_channels) +
           of_lines(config, true) + kPixel +
           vectors * (kVector + kLineOfVector * static_cast<double>(lines));
  }

 private:
  /// The copies of an output pixel's share of the lines, of pixels that lie `together` or are
  /// copied one by one.
  double of_lines(const ConvolutionConfig& config, bool together) const {
    constexpr double kTogether = 0.25, kCopied = 3.0, kStaged = 6.5, kBytes = 1.0 / 32;
    const double pixel = static_cast<double>(config.in_channels * value_bytes_) * kBytes +
                         (together            ? kTogether
                          : value_bytes_ == 1 ? kCopied
                                              : kStaged);
    return pixel *
           static_cast<double>(std::min(config.stride_h, config.kernel_h) * config.stride_w);
  }
  /// Taps of which each has `products` cycles of dot products.
  double of_steps(std::int64_t taps, double products) const {
    constexpr double kPointer = 0.6, kLoop = 0.5;
    return static_cast<double>(taps) * (products + kPointer + kLoop * panels_);
  }
  bool has_twins() const { return span_ > kKr; }
  static std::int64_t groups(std::int64_t k) { return (k + kKr - 1) / kKr; }
  /// What tiles in two halves hide of the epilogue.
  double in_halves(std::int64_t taps, std::int64_t k) const {
    constexpr double kHidden = 3.0;  // k-groups
    constexpr double kHiddenOfTwins = 1.2;
    constexpr std::int64_t kMost = 512;  // longer tiles have other ways
    const std::int64_t least = has_twins() ? kMinHalvesK1 : kMinHalvesK;
    if (!has_halves_ || taps != 1 || k < least || k > kMost) return 0;
    return has_twins() ? kHiddenOfTwins : kHidden * group_;
  }
  int value_bytes_;
  double group_;       ///< Of the dot products of a k-group.
  std::int64_t span_;  ///< Values of k that tiles take at a time.
  double vector_bytes_;
  double panels_;
  bool has_halves_;
};

bool has_grouped_tiles(const ConvolutionConfig& config, const KernelTable& kernels) {
  if (config.groups == 1 || config.in_channels != config.out_channels) return false;
  const std::int64_t channels = config.in_channels / config.groups;
  return kernels.grouped_rows[0] > 0 && (channels == 4 || channels == 8 || channels == 16);
}

/// Whether a form can compute a layer at all.
bool serves(ConvolutionForm form, const ConvolutionConfig& config, const Runs& runs,
            const KernelTable& kernels, bool row_sums) {
  // Taps that are very far apart would leave nothing of what is staged in the caches.
  constexpr std::int64_t kMostReach = 1024;
  switch (form) {
    case ConvolutionForm::kIndirect:
      return true;
    case ConvolutionForm::kRuns:
      return config.groups == 1 && (runs.pixels == 1 || runs.dilation == 1);
    case ConvolutionForm::kIm2col:
      return config.groups == 1 && config.dilation_w == 1 && config.kernel_h <= kMostIm2colRuns;
    case ConvolutionForm::kColumns:
      // Of columns that no filter reaches the copies would be in vain.
      return config.groups == 1 && config.dilation_w == 1 && config.stride_w <= config.kernel_w &&
             makes_columns(kernels, config.kernel_h, config.in_channels * kernels.lhs_bytes);
    case ConvolutionForm::kGrouped:
      return !row_sums && has_grouped_tiles(config, kernels);
    case ConvolutionForm::kDepthwise:
      return config.groups == config.in_channels && config.groups > 1 &&
             (config.kernel_h == 1 || (config.kernel_w - 1) * config.dilation_w <= kMostReach);
  }
  return false;
}

/// Of those that serve, the one that takes least time.
ConvolutionForm best_form(const ConvolutionConfig& config, const Runs& runs,
                          const KernelTable& kernels, bool row_sums) {
  const auto can = [&](ConvolutionForm form) {
    return serves(form, config, runs, kernels, row_sums);
  };
  if (can(ConvolutionForm::kDepthwise)) return ConvolutionForm::kDepthwise;
  if (can(ConvolutionForm::kGrouped)) return ConvolutionForm::kGrouped;
  const PixelCost cost(config, kernels);
  // Copies of borders or of all pixels cost more than is counted: they have to be clearly better.
  constexpr double kClearly = 0.98;
  double least = kClearly * cost.of_indirect(config);
  ConvolutionForm best = ConvolutionForm::kIndirect;
  const auto offer = [&](ConvolutionForm form, double time) {
    if (time >= least || !can(form)) return;
    least = time;
    best = form;
  };
  offer(ConvolutionForm::kRuns, cost.of_runs(config, runs));
  // A filter of one line or column is a run as it is: to copy it as well would be in vain.
  if (config.kernel_h > 1 && config.kernel_w > 1) {
    offer(ConvolutionForm::kIm2col, cost.of_im2col(config));
    offer(ConvolutionForm::kColumns, cost.of_columns(config));
  }
  return best;
}

}  // namespace

Status choose_convolution_form(const ConvolutionConfig& config, std::int64_t kernel_d,
                               const KernelTable& kernels, bool row_sums, ConvolutionForm& form) {
  const Runs runs(config, kernel_d);
  if (config.form.empty()) {
    form = best_form(config, runs, kernels, row_sums);
    return {};
  }
  for (const ConvolutionForm named : kConvolutionForms) {
    if (config.form != name_of(named)) continue;
    if (!serves(named, config, runs, kernels, row_sums))
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
