#include "support/transposed_problem.hpp"

#include <sstream>

#include "support/random_problems.hpp"

namespace octet::test {

std::int64_t TransposedProblem::out_height() const {
  return (height - 1) * config.stride_h + config.dilation_h * (config.kernel_h - 1) + 1 +
         config.output_padding_h - config.pad_top - config.pad_bottom;
}

std::int64_t TransposedProblem::out_width() const {
  return (width - 1) * config.stride_w + config.dilation_w * (config.kernel_w - 1) + 1 +
         config.output_padding_w - config.pad_left - config.pad_right;
}

Cells reference_transposed(const TransposedProblem& p) {
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
    out.push_back(reference_epilogue(p.epilogue, sum + per_column(p.epilogue.bias, o, 0), o));
  }
  return out;
}

std::string describe(const TransposedProblem& p) {
  const TransposedConvolutionConfig& c = p.config;
  static constexpr const char* kLayouts[] = {"IOHW", "OHWI", "HWOI"};
  std::ostringstream out;
  out << "transposed in [" << p.batch << ", " << p.height << ", " << p.width << ", "
      << c.in_channels << "] " << name_of(c.in_type) << " zp " << c.in_zero_point << " kernel "
      << c.kernel_h << 'x' << c.kernel_w << " stride " << c.stride_h << 'x' << c.stride_w
      << " dilation " << c.dilation_h << 'x' << c.dilation_w << " pads " << c.pad_top << ' '
      << c.pad_left << ' ' << c.pad_bottom << ' ' << c.pad_right << " output padding "
      << c.output_padding_h << 'x' << c.output_padding_w << " groups " << c.groups
      << " channels out " << c.out_channels << " weights " << name_of(c.weights_type) << ' '
      << kLayouts[static_cast<int>(c.weights_layout)] << " zero points "
      << p.weights_zero_point.size() << " -> " << name_of(p.epilogue.type) << " scales "
      << p.epilogue.scale.size() << " biases " << p.epilogue.bias.size();
  for (std::int64_t gap : p.in_gaps) out << " in gap " << gap;
  for (std::int64_t gap : p.out_gaps) out << " out gap " << gap;
  return out.str();
}

void fill_operands(Random& random, TransposedProblem& problem, Values in, Values weights) {
  const TransposedConvolutionConfig& c = problem.config;
  problem.in = random_values(random, c.in_type,
                             problem.batch * problem.height * problem.width * c.in_channels, in);
  problem.weights =
      random_values(random, c.weights_type,
                    c.in_channels * c.out_channels / c.groups * c.kernel_h * c.kernel_w, weights);
}

void randomize(Random& random, TransposedProblem& problem) {
  TransposedConvolutionConfig& c = problem.config;
  constexpr TransposedWeightsLayout kLayouts[] = {TransposedWeightsLayout::kIOHW,
                                                  TransposedWeightsLayout::kOHWI,
                                                  TransposedWeightsLayout::kHWOI};
  c.in_type = random.pick(k8BitTypes);
  c.weights_type = random.pick(k8BitTypes);
  c.weights_layout = random.pick(kLayouts);
  c.in_zero_point = random_zero_point(random, c.in_type);
  problem.weights_zero_point = random_zero_points(random, c.weights_type, c.out_channels);
  problem.epilogue = random_epilogue(random, random.pick(kOutTypes), c.out_channels,
                                     c.kernel_h * c.kernel_w * c.in_channels / c.groups);
  constexpr Values kValues[] = {Values::kAny, Values::kAny, Values::kExtremes};
  const Values in = random.pick(kValues), weights = random.pick(kValues);
  fill_operands(random, problem, in, weights);
}

std::vector<TransposedProblem> transposed_of_every_form(Random& random, std::int64_t batch,
                                                        std::int64_t height, std::int64_t width) {
  struct Filter {
    std::int64_t kernel, stride, pad, output_padding;
  };
  constexpr Filter kFilters[] = {{2, 2, 0, 0}, {3, 2, 1, 1}, {4, 2, 1, 0}, {3, 1, 1, 0},
                                 {1, 2, 0, 1}, {2, 3, 0, 0}, {5, 3, 4, 4}};
  struct Channels {
    std::int64_t in, out, groups;
  };
  constexpr Channels kChannels[] = {{24, 33, 1}, {3, 5, 1}, {10, 20, 5}, {16, 16, 2}, {37, 37, 37}};
  std::vector<TransposedProblem> problems;
  for (const Filter& filter : kFilters) {
    for (const Channels& channels : kChannels) {
      TransposedProblem problem{.config = {.in_channels = channels.in,
                                           .out_channels = channels.out,
                                           .kernel_h = filter.kernel,
                                           .kernel_w = filter.kernel,
                                           .stride_h = filter.stride,
                                           .stride_w = filter.stride,
                                           .pad_top = filter.pad,
                                           .pad_left = filter.pad,
                                           .pad_bottom = filter.pad,
                                           .pad_right = filter.pad,
                                           .output_padding_h = filter.output_padding,
                                           .output_padding_w = filter.output_padding,
                                           .groups = channels.groups},
                                .batch = batch,
                                .height = height,
                                .width = width};
      randomize(random, problem);
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace octet::test
