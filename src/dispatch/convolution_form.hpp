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
  kGrouped,    ///< As kIndirect, several groups of few channels side by side.
  kDepthwise,  ///< Lines of the image, interleaved: see DepthwiseArgs.
};

constexpr const char* name_of(ConvolutionForm form) {
  switch (form) {
    case ConvolutionForm::kIndirect:
      return "indirect";
    case ConvolutionForm::kRuns:
      return "runs";
    case ConvolutionForm::kGrouped:
      return "grouped";
    case ConvolutionForm::kDepthwise:
      return "depthwise";
  }
  return "unknown";
}

/// `row_sums`: zero points of the weights make sums of the rows necessary.
ConvolutionForm choose_convolution_form(const ConvolutionConfig& config, const KernelTable& kernels,
                                        bool row_sums);

}  // namespace octet
