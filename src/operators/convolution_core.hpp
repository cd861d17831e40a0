/// A convolution whose arguments have been checked. A Convolution is one, a TransposedConvolution
/// several.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dispatch/convolution_form.hpp"
#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "octet/convolution.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/convolution_rows.hpp"
#include "operators/depthwise.hpp"
#include "operators/filter_windows.hpp"
#include "operators/grouped.hpp"
#include "operators/packed_weights.hpp"

namespace octet {

/// Pixels in all.
inline double pixels_of(std::int64_t batch, std::int64_t height, std::int64_t width) {
  return static_cast<double>(batch) * static_cast<double>(height) * static_cast<double>(width);
}

/// The sizes of a filter and, if `batch` is not negative, of the images that it is run on.
void explain_shape(Explanation& explanation, const ConvolutionGeometry& filter,
                   std::int64_t out_channels, std::int64_t groups, std::int64_t batch = -1,
                   std::int64_t in_height = 0, std::int64_t in_width = 0);

/// Refuses what no convolution can be made of.
Status check_config(const ConvolutionConfig& config, const void* weights);

struct ConvolutionCore {
  /// Packs `weights`, of config's sizes in any layout. A pad may be negative: so many lines or
  /// columns of the image are then left out.
  static Status create(const KernelTable& kernels, const ConvolutionConfig& config,
                       const WeightsView& weights, ConvolutionCore& core);

  /// Whether `in` and `out` are what it was made for, `out` of that height and width.
  Status check_images_of_run(const ConstImages& in, const Images& out, std::int64_t out_height,
                             std::int64_t out_width) const;

  /// Images of any batch and size for which both out_height() and out_width() are 1 or more.
  WorkSize work_size(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const;
  TaskScratch task_scratch(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const;
  /// One task of any grid.
  void run_task(const ConstImages& in, const Images& out, const TaskGrid& grid, std::int64_t task,
                ScratchCursor scratch) const;

  /// What does not depend on the images; `operation` names the caller's.
  Explanation explain(std::string_view operation) const;

  std::int64_t bytes() const {
    if (form == ConvolutionForm::kDepthwise) return depthwise.bytes();
    return form == ConvolutionForm::kGrouped ? grouped.bytes() : weights.bytes() + windows.bytes();
  }
  /// Weights, each of which is used once for an output pixel, taps outside the image included.
  double products_per_pixel() const {
    return static_cast<double>(out_channels) * static_cast<double>(format.group_channels) *
           static_cast<double>(geometry.kernel_h) * static_cast<double>(geometry.kernel_w);
  }
  /// Adds what the outputs of these images, `out_pixels` in all, cost.
  void add_outputs(Explanation& explanation, double out_pixels) const {
    explanation.operations += 2 * out_pixels * products_per_pixel();
    explanation.bytes +=
        products_per_pixel() + out_pixels * static_cast<double>(out_channels * size_of(out_type));
  }
  /// Whether 63 bits can count the bytes of all its lines, staged.
  bool input_fits(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const {
    constexpr double kMost = std::int64_t{1} << 62;
    return (pixels_of(batch, in_height, in_width) + pixels_of(batch, in_height, kKr)) *
               static_cast<double>(format.pixel_bytes()) * kKr <
           kMost;
  }

  ConvolutionGeometry geometry;
  ConvolutionForm form;
  PixelFormat format;
  DataType in_type, weights_type;
  std::int64_t out_channels;
  const KernelTable* kernels;
  DataType out_type;
  PackedWeights weights;  ///< Or, for kGrouped and kDepthwise, those below.
  FilterWindows windows;  ///< Of kIndirect.
  GroupedWeights grouped;
  Depthwise depthwise;
  AlignedBuffer<std::uint8_t> pad_row;  ///< The input zero point, as rows hold it.

 private:
  /// Not for kDepthwise, which has its own.
  BlockSize block_size(std::int64_t batch, std::int64_t in_height, std::int64_t in_width) const;
  ConvolutionRows::Memory take_memory(ScratchCursor& scratch, const BlockSize& block) const;
  /// A block of rows times one panel, in runs that leave out the taps that lie in the padding;
  /// none: with all taps.
  void multiply_panel(TileLoop& tiles, const RowBlock& block, std::span<const WindowRows> runs,
                      Panel panel) const;
  /// A block of rows times the panels of a task.
  void multiply(TileLoop& tiles, ConvolutionRows& rows, std::span<const WindowRows> runs,
                const TaskPart& part) const;
};

}  // namespace octet
