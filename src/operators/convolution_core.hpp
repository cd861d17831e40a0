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
#include "operators/block_cuts.hpp"
#include "operators/convolution_rows.hpp"
#include "operators/depthwise.hpp"
#include "operators/filter_windows.hpp"
#include "operators/grouped.hpp"
#include "operators/packed_weights.hpp"

namespace octet {

/// Pixels in all.
inline double pixels_of(const VolumeSize& size) {
  return static_cast<double>(size.batch) * static_cast<double>(size.depth) *
         static_cast<double>(size.height) * static_cast<double>(size.width);
}

/// The sizes of a filter and, unless null, of the images or volumes that it is run on.
void explain_shape(Explanation& explanation, const ConvolutionGeometry& filter,
                   std::int64_t out_channels, std::int64_t groups, const VolumeSize* in = nullptr);

/// Beyond any doubt, at a glance: small calls are to be short.
template <class Void>
bool is_plain(const BasicImages<Void>& i, DataType type, std::int64_t channels) {
  constexpr std::int64_t kSmall = std::int64_t{1} << 20, kNear = std::int64_t{1} << 36;
  if (i.type != type || i.channels != channels || i.data == nullptr) return false;
  if (i.batch < 0 || i.height < 1 || i.width < 1) return false;
  if (i.batch > kSmall || i.height > kSmall || i.width > kSmall || i.pixel_stride > kSmall)
    return false;
  const std::int64_t line = (i.width - 1) * i.pixel_stride + channels;
  return i.pixel_stride >= channels && i.row_stride >= line && i.row_stride <= kNear &&
         i.image_stride >= (i.height - 1) * i.row_stride + line && i.image_stride <= kNear;
}

/// Refuses what no convolution can be made of.
Status check_config(const ConvolutionConfig& config, const void* weights);

struct ConvolutionCore {
  /// Packs `weights`, of the geometry's sizes in any layout; `config` has kernel_d * kernel_h rows
  /// of the filter as its kernel_h. A pad may be negative: so many lines or columns of the image
  /// are then left out. `volumes`: it is not for images alone.
  static Status create(const KernelTable& kernels, const ConvolutionConfig& config,
                       const ConvolutionGeometry& geometry, bool volumes,
                       const WeightsView& weights, ConvolutionCore& core);
  static Status create(const KernelTable& kernels, const ConvolutionConfig& config,
                       const WeightsView& weights, ConvolutionCore& core) {
    return create(kernels, config, ConvolutionGeometry(config), false, weights, core);
  }

  /// Whether `in` and `out` are what it was made for, `out` of that height and width.
  Status check_images_of_run(const ConstImages& in, const Images& out, std::int64_t out_height,
                             std::int64_t out_width) const {
    if (is_plain(in, in_type, geometry.in_channels) && is_plain(out, out_type, out_channels) &&
        out.batch == in.batch && out.height == out_height && out.width == out_width)
      return {};
    return check_unusual_images(in, out, out_height, out_width);
  }

  /// Of the output for such an input; a size of 0 or less where the kernel does not fit.
  VolumeSize out_size(const VolumeSize& in) const {
    return {in.batch, geometry.out_depth(in.depth), geometry.out_height(in.height),
            geometry.out_width(in.width)};
  }
  /// Bytes of scratch; 0 for sizes that a run would refuse.
  std::size_t scratch_bytes(const VolumeSize& in, int threads) const;
  /// Whether lines and columns of such images change places: what is paid for a line is then paid
  /// for a column. Only a filter of one column can be turned with them: its weights stay what they
  /// are.
  bool turns(const VolumeSize& in) const;
  /// The input is of any batch and size for which all of out_size() is 1 or more.
  WorkSize work_size(const VolumeSize& in) const;
  /// Not read for kDepthwise, which has its own.
  BlockSize block_size(const VolumeSize& in) const;
  TaskScratch task_scratch(const VolumeSize& in, const BlockSize& block) const;
  /// Of what is not kDepthwise, of one task.
  ConvolutionRows::Memory take_memory(ScratchCursor& scratch, const BlockSize& block) const;
  /// One task of any grid. `others`: the residual, or none.
  void run_task(const ConstVolumes& in, const Volumes& out, const ConstVolumes& others,
                const BlockSize& block, const TaskGrid& grid, std::int64_t task,
                ScratchCursor scratch) const;

  /// All of them. All arguments but the scratch have been checked.
  Status run(const ConstVolumes& in, const Volumes& out, const ConstVolumes& others,
             const Resources& resources) const;

  /// What does not depend on the images; `operation` names the caller's.
  Explanation explain(std::string_view operation) const;
  Explanation explain(std::string_view operation, const VolumeSize& in,
                      const Executor* executor) const;

  std::int64_t bytes() const {
    if (form == ConvolutionForm::kDepthwise) return depthwise.bytes();
    return form == ConvolutionForm::kGrouped ? grouped.bytes() : weights.bytes() + windows.bytes();
  }
  /// Weights, each of which is used once for an output pixel, taps outside the image included.
  double products_per_pixel() const {
    return static_cast<double>(out_channels) * static_cast<double>(format.group_channels) *
           static_cast<double>(geometry.tap_rows()) * static_cast<double>(geometry.kernel_w);
  }
  /// Adds what the outputs of these images, `out_pixels` in all, cost.
  void add_outputs(Explanation& explanation, double out_pixels) const {
    explanation.operations += 2 * out_pixels * products_per_pixel();
    explanation.bytes +=
        products_per_pixel() + out_pixels * static_cast<double>(out_channels * size_of(out_type));
  }
  /// Whether 63 bits can count the bytes of all its lines, staged.
  bool input_fits(const VolumeSize& in) const {
    constexpr double kMost = std::int64_t{1} << 62;
    return (pixels_of(in) + pixels_of({in.batch, in.depth, in.height, kKr})) *
               static_cast<double>(format.pixel_bytes()) * kKr <
           kMost;
  }
  Status check_input_fits(const VolumeSize& in) const {
    return input_fits(in) ? Status()
                          : Status::invalid_argument("in: its lines, staged, exceed 2^62 bytes");
  }

  ConvolutionGeometry geometry;
  ConvolutionGeometry turned_geometry;
  ConvolutionForm form;
  PixelFormat format;
  bool is_pointwise;  ///< And takes its rows in place.
  DataType in_type, weights_type;
  std::int64_t out_channels;
  const KernelTable* kernels;
  DataType out_type;
  FusedEpilogue fused;
  std::optional<Residual> residual;
  PackedWeights weights;  ///< Or, for kGrouped and kDepthwise, those below.
  FilterWindows windows;  ///< Of kIndirect.
  GroupedWeights grouped;
  Depthwise depthwise;
  AlignedBuffer<std::uint8_t> column_order;    ///< What format.columns points to.
  AlignedBuffer<std::uint8_t> pad_row;         ///< The input zero point, as rows hold it.
  std::int64_t block_rows, turned_block_rows;  ///< Of the geometries.

 private:
  Status check_unusual_images(const ConstImages& in, const Images& out, std::int64_t out_height,
                              std::int64_t out_width) const;
  /// Of the images as a block sees them.
  const ConvolutionGeometry& geometry_of(const BlockSize& block) const {
    return block.turned ? turned_geometry : geometry;
  }
  /// run_task() of what is not kDepthwise.
  void run_task(const ConstVolumes& in, const Volumes& out, const ConstVolumes& others,
                const BlockSize& block, const TaskGrid& grid, std::int64_t task,
                const ConvolutionRows::Memory& memory) const;
  /// The same, as the blocks see the images.
  void run_rows(const ConstVolumes& in, const Volumes& out, const ConstVolumes& others,
                const BlockSize& block, const TaskGrid& grid, std::int64_t task,
                const ConvolutionRows::Memory& memory) const;
  /// A block of rows times one panel, by the cuts of the block.
  void multiply_cuts(TileLoop& tiles, const RowBlock& block, std::span<const BlockCut> cuts,
                     WindowPanels& parts, const Panel& whole, PanelTurn turn) const;
  /// A block of rows times the panels of a task.
  void multiply(TileLoop& tiles, ConvolutionRows& rows, std::span<const BlockCut> cuts,
                const TaskPart& part) const;
};

}  // namespace octet
