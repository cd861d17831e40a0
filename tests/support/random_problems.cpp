#include "support/random_problems.hpp"

#include <algorithm>
#include <cmath>

namespace octet::test {
namespace {

float random_scale(Random& random, float typical) {
  const float scale = typical * random.real(0.25f, 3.0f);
  // A power of two makes ties: sums that lie halfway between two results.
  return random.chance(30) ? std::exp2(std::floor(std::log2(scale))) : scale;
}

/// Square, with the same pads on all sides.
template <class Config>
void set_filter(Config& config, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  config.kernel_h = config.kernel_w = kernel;
  config.stride_h = config.stride_w = stride;
  config.pad_top = config.pad_left = config.pad_bottom = config.pad_right = pad;
}

template <class Config>
void set_channels(Config& config, std::int64_t in, std::int64_t out, std::int64_t groups) {
  config.in_channels = in;
  config.out_channels = out;
  config.groups = groups;
}

}  // namespace

std::int32_t random_zero_point(Random& random, DataType type) {
  const std::int64_t low = lowest_of(type), high = highest_of(type);
  const std::int64_t choices[] = {0, low, high, low + 128, random.integer(low, high)};
  return static_cast<std::int32_t>(random.pick(choices));
}

OwnedEpilogue random_epilogue(Random& random, DataType type, std::int64_t columns,
                              std::int64_t terms) {
  const float typical_sum =
      6000.0f * std::sqrt(static_cast<float>(std::max<std::int64_t>(terms, 1)));
  OwnedEpilogue epilogue{.type = type};
  if (random.chance(70)) {
    epilogue.bias.resize(static_cast<std::size_t>(columns));
    const auto limit = static_cast<std::int64_t>(typical_sum);
    for (auto& bias : epilogue.bias) {
      bias = static_cast<std::int32_t>(random.integer(-limit, limit));
    }
  }
  if (type == DataType::kS32) return epilogue;

  epilogue.scale.resize(random.chance(50) ? static_cast<std::size_t>(columns) : 1);
  for (auto& scale : epilogue.scale) scale = random_scale(random, 100 / typical_sum);
  if (type == DataType::kF32) {
    if (random.chance(30)) epilogue.min = random.real(1, 90) - 80;
    if (random.chance(30)) epilogue.max = random.real(10, 90);
    return epilogue;
  }
  epilogue.zero_point = random_zero_point(random, type);
  const std::int64_t low = random.integer(lowest_of(type), highest_of(type));
  if (random.chance(30)) epilogue.min = static_cast<float>(low);
  if (random.chance(30)) {
    epilogue.max = static_cast<float>(random.integer(low, highest_of(type)));
  }
  return epilogue;
}

std::vector<std::int32_t> random_zero_points(Random& random, DataType type, std::int64_t columns) {
  const std::int64_t counts[] = {0, 1, columns};
  std::vector<std::int32_t> zero_points(static_cast<std::size_t>(random.pick(counts)));
  for (auto& zero_point : zero_points) zero_point = random_zero_point(random, type);
  return zero_points;
}

void fill_operands(Random& random, GemmProblem& problem, Values lhs, Values rhs) {
  problem.lhs = random_values(random, problem.lhs_type, problem.m * problem.k, lhs);
  problem.rhs = random_values(random, problem.rhs_type, problem.k * problem.n, rhs);
}

GemmProblem random_gemm(Random& random, std::int64_t m, std::int64_t n, std::int64_t k,
                        Types types) {
  GemmProblem problem{.m = m, .n = n, .k = k, .lhs_type = types.lhs, .rhs_type = types.rhs};
  problem.lhs_zero_point = random_zero_point(random, types.lhs);
  problem.rhs_zero_point = random_zero_points(random, types.rhs, n);
  problem.rhs_transposed = random.chance(50);
  problem.epilogue = random_epilogue(random, types.out, n, k);
  constexpr Values kValues[] = {Values::kAny, Values::kAny, Values::kExtremes};
  const Values lhs = random.pick(kValues), rhs = random.pick(kValues);
  fill_operands(random, problem, lhs, rhs);
  return problem;
}

template <class Config>
void fill_operands(Random& random, ImageProblem<Config>& problem, Values in, Values weights) {
  const Config& c = problem.config;
  problem.in = random_values(random, c.in_type,
                             problem.batch * problem.height * problem.width * c.in_channels, in);
  problem.weights =
      random_values(random, c.weights_type,
                    c.out_channels * c.kernel_h * c.kernel_w * c.in_channels / c.groups, weights);
}
template void fill_operands(Random&, ConvolutionProblem&, Values, Values);
template void fill_operands(Random&, TransposedProblem&, Values, Values);

template <class Config>
void randomize(Random& random, ImageProblem<Config>& problem) {
  Config& c = problem.config;
  c.in_type = random.pick(k8BitTypes);
  c.weights_type = random.pick(k8BitTypes);
  constexpr int kLayouts[] = {0, 1, 2};
  c.weights_layout = static_cast<decltype(c.weights_layout)>(random.pick(kLayouts));
  c.in_zero_point = random_zero_point(random, c.in_type);
  problem.weights_zero_point = random_zero_points(random, c.weights_type, c.out_channels);
  problem.epilogue = random_epilogue(random, random.pick(kOutTypes), c.out_channels,
                                     c.kernel_h * c.kernel_w * c.in_channels / c.groups);
  constexpr Values kValues[] = {Values::kAny, Values::kAny, Values::kExtremes};
  const Values in = random.pick(kValues), weights = random.pick(kValues);
  fill_operands(random, problem, in, weights);
}
template void randomize(Random&, ConvolutionProblem&);
template void randomize(Random&, TransposedProblem&);

void add_fused(Random& random, OwnedEpilogue& epilogue, bool residual, bool table) {
  if (epilogue.type == DataType::kS32) return;
  if (residual) {
    Residual& made = epilogue.residual.emplace();
    made.type = random.pick(k8BitTypes);
    made.scale = random_scale(random, 0.5f);
    made.zero_point = random_zero_point(random, made.type);
  }
  if (table && epilogue.type != DataType::kF32) {
    for (int i = 0; i < 256; ++i)
      epilogue.table.push_back(static_cast<std::uint8_t>(random.integer(0, 255)));
  }
}

void add_fused(Random& random, GemmProblem& problem, bool residual, bool table) {
  add_fused(random, problem.epilogue, residual, table);
  if (const auto& added = problem.epilogue.residual)
    problem.residual = random_values(random, added->type, problem.m * problem.n);
}

template <class Config>
void add_fused(Random& random, ImageProblem<Config>& problem, bool residual, bool table) {
  add_fused(random, problem.epilogue, residual, table);
  if (const auto& added = problem.epilogue.residual)
    problem.residual = random_values(
        random, added->type,
        problem.batch * problem.out_height() * problem.out_width() * problem.config.out_channels);
}
template void add_fused(Random&, ConvolutionProblem&, bool, bool);
template void add_fused(Random&, TransposedProblem&, bool, bool);

std::vector<ConvolutionProblem> convolutions_of_every_form(Random& random, std::int64_t batch,
                                                           std::int64_t height,
                                                           std::int64_t width) {
  struct Form {
    std::int64_t in_channels, out_channels, groups, kernel_h, kernel_w;
  };
  constexpr Form kForms[] = {{16, 9, 1, 1, 1},  {3, 17, 1, 3, 3},  {24, 33, 1, 3, 3},
                             {5, 4, 1, 3, 3},   {10, 20, 5, 3, 3}, {37, 37, 37, 3, 3},
                             {9, 18, 9, 3, 3},  {16, 20, 1, 3, 3}, {3, 5, 1, 1, 1},
                             {24, 17, 1, 3, 1}, {2, 9, 1, 5, 1}};
  std::vector<ConvolutionProblem> problems;
  for (const Form& form : kForms) {
    for (std::int64_t stride : {1, 2}) {
      ConvolutionProblem problem{.batch = batch, .height = height, .width = width};
      set_filter(problem.config, form.kernel_h, stride, form.kernel_h / 2);
      problem.config.kernel_w = form.kernel_w;
      problem.config.pad_left = problem.config.pad_right = form.kernel_w / 2;
      set_channels(problem.config, form.in_channels, form.out_channels, form.groups);
      randomize(random, problem);
      problems.push_back(std::move(problem));
    }
  }
  return problems;
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
      TransposedProblem problem{.batch = batch, .height = height, .width = width};
      set_filter(problem.config, filter.kernel, filter.stride, filter.pad);
      set_channels(problem.config, channels.in, channels.out, channels.groups);
      problem.config.output_padding_h = problem.config.output_padding_w = filter.output_padding;
      randomize(random, problem);
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace octet::test
