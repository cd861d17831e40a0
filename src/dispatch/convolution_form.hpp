/// Which form of convolution serves a layer best.
#pragma once

#include <cstdint>

#include "octet/convolution.hpp"

namespace octet {

/// Where the rows of the tiles come from.
enum class ConvolutionForm : std::uint8_t {
  kIndirect,   ///< A tap per filter position: pointers to pixels, in place. 1x1 is a GEMM.
  kRuns,       ///< A tap per filter row: kernel_w * channels contiguous bytes, in place where the
               ///< image has them, staged at its borders. For few channels.
  kDepthwise,  ///< As kIndirect, with a lane per channel.
};

constexpr const char* name_of(ConvolutionForm form) {
  switch (form) {
    case ConvolutionForm::kIndirect:
      return "indirect";
    case ConvolutionForm::kRuns:
      return "runs";
    case ConvolutionForm::kDepthwise:
      return "depthwise";
  }
  return "unknown";
}

ConvolutionForm choose_convolution_form(const ConvolutionConfig& config);

}  // namespace octet
