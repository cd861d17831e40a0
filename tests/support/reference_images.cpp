#include "support/reference.hpp"

namespace octet::test {
namespace {

std::int64_t out_size(std::int64_t in, std::int64_t pads, std::int64_t dilation,
                      std::int64_t kernel, std::int64_t stride) {
  const std::int64_t room = in + pads - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace

template <>
std::int64_t ConvolutionProblem::out_height() const {
  return out_size(height, config.pad_top + config.pad_bottom, config.dilation_h, config.kernel_h,
                  config.stride_h);
}

template <>
std::int64_t ConvolutionProblem::out_width() const {
  return out_size(width, config.pad_left + config.pad_right, config.dilation_w, config.kernel_w,
                  config.stride_w);
}

template <>
std::int64_t TransposedProblem::out_height() const {
  return (height - 1) * config.stride_h + config.dilation_h * (config.kernel_h - 1) + 1 +
         config.output_padding_h - config.pad_top - config.pad_bottom;
}

template <>
std::int64_t TransposedProblem::out_width() const {
  return (width - 1) * config.stride_w + config.dilation_w * (config.kernel_w - 1) + 1 +
         config.output_padding_w - config.pad_left - config.pad_right;
}

Cells reference_images(const ConvolutionProblem& p) {
  const ConvolutionConfig& c = p.config;
  const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  const std::int64_t out_height = p.out_height(), out_width = p.out_width();
  Cells out;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    for (std::int64_t oy = 0; oy < out_height; ++oy) {
      for (std::int64_t ox = 0; ox < out_width; ++ox) {
        for (std::int64_t o = 0; o < c.out_channels; ++o) {
          const std::int64_t weights_zero_point = per_column(p.weights_zero_point, o, 0);
          std::int64_t sum = per_column(p.epilogue.bias, o, 0);
          for (std::int64_t r = 0; r < c.kernel_h; ++r) {
            const std::int64_t y = oy * c.stride_h + r * c.dilation_h - c.pad_top;
            if (y < 0 || y >= p.height) continue;
            for (std::int64_t s = 0; s < c.kernel_w; ++s) {
              const std::int64_t x = ox * c.stride_w + s * c.dilation_w - c.pad_left;
              if (x < 0 || x >= p.width) continue;
              const std::int32_t* pixel = p.in.data() +
                                          ((b * p.height + y) * p.width + x) * c.in_channels +
                                          o / group_out * group_in;
              const std::int32_t* weights =
                  p.weights.data() + ((o * c.kernel_h + r) * c.kernel_w + s) * group_in;
              for (std::int64_t i = 0; i < group_in; ++i) {
                sum += (pixel[i] - c.in_zero_point) * (weights[i] - weights_zero_point);
              }
            }
          }
          const std::int32_t residual = p.residual.empty() ? 0 : p.residual[out.size()];
          out.push_back(reference_epilogue(p.epilogue, sum, o, residual));
        }
      }
    }
  }
  return out;
}

Cells reference_images(const TransposedProblem& p) {
  const TransposedConvolutionConfig& c = p.config;
  const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  const std::int64_t out_height = p.out_height(), out_width = p.out_width();
  std::vector<std::int64_t> sums(
      static_cast<std::size_t>(p.batch * out_height * out_width * c.out_channels));
  const auto scatter = [&](const std::int32_t* pixel, std::int64_t r, std::int64_t s,
                           std::int64_t* to) {
    for (std::int64_t i = 0; i < c.in_channels; ++i) {
      for (std::int64_t j = 0; j < group_out; ++j) {
        const std::int64_t o = i / group_in * group_out + j;
        const std::int32_t weight = p.weights[static_cast<std::size_t>(
            ((i * group_out + j) * c.kernel_h + r) * c.kernel_w + s)];
        to[o] += static_cast<std::int64_t>(pixel[i] - c.in_zero_point) *
                 (weight - per_column(p.weights_zero_point, o, 0));
      }
    }
  };
  const std::int32_t* pixel = p.in.data();
  for (std::int64_t b = 0; b < p.batch; ++b) {
    for (std::int64_t v = 0; v < p.height; ++v) {
      for (std::int64_t u = 0; u < p.width; ++u, pixel += c.in_channels) {
        for (std::int64_t r = 0; r < c.kernel_h; ++r) {
          const std::int64_t y = v * c.stride_h + r * c.dilation_h - c.pad_top;
          if (y < 0 || y >= out_height) continue;
          for (std::int64_t s = 0; s < c.kernel_w; ++s) {
            const std::int64_t x = u * c.stride_w + s * c.dilation_w - c.pad_left;
            if (x < 0 || x >= out_width) continue;
            scatter(pixel, r, s,
                    sums.data() + ((b * out_height + y) * out_width + x) * c.out_channels);
          }
        }
      }
    }
  }
  Cells out;
  out.reserve(sums.size());
  for (const std::int64_t sum : sums) {
    const auto o = static_cast<std::int64_t>(out.size()) % c.out_channels;
    const std::int32_t residual = p.residual.empty() ? 0 : p.residual[out.size()];
    out.push_back(
        reference_epilogue(p.epilogue, sum + per_column(p.epilogue.bias, o, 0), o, residual));
  }
  return out;
}

}  // namespace octet::test
