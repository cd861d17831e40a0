/// Which form of convolution serves a layer best.
#pragma once

#include <cstdint>

#include "kernels/kernel.hpp"
#include "octet/convolution.hpp"

namespace octet {

/// Where the rows of the tiles come from.
enum class ConvolutionForm : std::uint8_t {
  kIndirect,   ///< A tap per filter position: pointers to pixels, in place. 1x1 is a GEMM.
  kRuns,       ///< A tap per filter row: kernel_w * channels contiguous bytes, in place where the
               ///< image has them, staged at its borders. For few channels.
  kIm2col,     ///< One tap: the bytes under the filter are copied into a row. For few of them.
  kColumns,    ///< One tap: the lines under the filter are copied side by side, pixel by pixel, so
               ///< that neighbouring columns are one run, which neighbouring outputs share.
  kGrouped,    ///< As kIndirect, several groups of few channels side by side.
  kDepthwise,  ///< Lines of the image, interleaved: see DepthwiseArgs.
};

inline constexpr ConvolutionForm kConvolutionForms[] = {
    ConvolutionForm::kIndirect, ConvolutionForm::kRuns,    ConvolutionForm::kIm2col,
    ConvolutionForm::kColumns,  ConvolutionForm::kGrouped, ConvolutionForm::kDepthwise};

/// Filter rows that kIm2col copies, at most.
inline constexpr std::int64_t kMostIm2colRuns = 16;

constexpr const char* name_of(ConvolutionForm form) {
  switch (form) {
    case ConvolutionForm::kIndirect:
      return "indirect";
    case ConvolutionForm::kRuns:
      return "runs";
    case ConvolutionForm::kIm2col:
      return "im2col";
    case ConvolutionForm::kColumns:
      return "columns";
    case ConvolutionForm::kGrouped:
      return "grouped";
    case ConvolutionForm::kDepthwise:
      return "depthwise";
  }
  return "unknown";
}

/// Whether runs of so many pieces of 16 bytes are copied by code for just these.
constexpr bool is_unrolled_im2col(std::int64_t runs, std::int64_t pieces) {
  return pieces == 1 ? runs == 3 || runs == 5 : pieces == 2 && runs == 7;
}

/// What speaks for it.
constexpr const char* reason_for(ConvolutionForm form) {
  switch (form) {
    case ConvolutionForm::kIndirect:
      return "enough channels to a pixel: taps point to pixels in place";
    case ConvolutionForm::kRuns:
      return "few channels: the pixels of a filter row are one run of bytes";
    case ConvolutionForm::kIm2col:
      return "few bytes under a filter: copied, they are a single run";
    case ConvolutionForm::kColumns:
      return "few bytes in a column under the filter: copied once, columns are runs";
    case ConvolutionForm::kGrouped:
      return "few channels to a group: several groups side by side in a vector";
    case ConvolutionForm::kDepthwise:
      return "one channel to an output: a lane is a channel, its bytes are neighbouring lines";
  }
  return "";
}

/// The form that config.form names, or the best one. `row_sums`: zero points of the weights make
/// sums of the rows necessary. The rows of the filter are those of all its planes, `kernel_d`. An
/// unknown form, or one that cannot serve this layer, is an error.
Status choose_convolution_form(const ConvolutionConfig& config, std::int64_t kernel_d,
                               const KernelTable& kernels, bool row_sums, ConvolutionForm& form);

/// Whether kRuns, where rows are direct, has copies of the image's lines, with their padding, or
/// else copies of what is under the filter at their borders alone. Pixels of many channels are
/// expensive to copy, and cheap where rows end in whole k-groups as they are; but of lines that are
/// columns of the image, `turned`, no run is in place.
inline bool copies_lines(std::int64_t in_channels, bool turned) {
  constexpr std::int64_t kMany = 16;
  return turned || in_channels < kMany || in_channels % kKr != 0;
}

}  // namespace octet
