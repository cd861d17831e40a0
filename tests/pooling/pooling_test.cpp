// max_pool() and average_pool(): all windows, channels and views, on every ISA.
#include <cfloat>

#include "pooling/pooling_problem.hpp"

namespace octet::test {
namespace {

class Pooling : public OnEveryIsa {
 protected:
  /// With each kind and input type in turn; the rest is at random.
  void expect_all_kinds(PoolingProblem p) {
    for (bool average : {false, true}) {
      for (DataType type : k8BitTypes) {
        do randomize(random_, p);
        while (p.average != average || p.in_type != type);
        expect_pools_exactly(p, isa());
      }
    }
  }

  Random random_{first_seed()};
};

TEST_P(Pooling, IsExactForEveryNumberOfChannels) {
  for (std::int64_t channels = 1; channels <= 129; ++channels) {
    PoolingProblem p{.height = 4, .width = 7, .channels = channels};
    p.window = random_window(random_, random_.integer(1, 3), random_.integer(1, 3));
    randomize(random_, p);
    expect_pools_exactly(p, isa());
  }
  for (std::int64_t channels : around({4 * 16, 4 * 32, 4 * 64, 5 * 64, 9 * 64})) {
    PoolingProblem p{.height = 3, .width = 3, .channels = channels};
    p.window = {.kernel_h = 2, .kernel_w = 3, .pad_left = 1};
    expect_all_kinds(p);
  }
}

/// Blocks of windows are of four vectors and of one.
TEST_P(Pooling, IsExactForEveryNumberOfWindows) {
  for (std::int64_t width = 1; width <= 12; ++width) {
    for (std::int64_t channels : {3, 16, 33, 64, 100}) {
      PoolingProblem p{.batch = 2, .height = 2, .width = width, .channels = channels};
      p.window = random_window(random_, random_.integer(1, 2),
                               random_.integer(1, std::min<std::int64_t>(width, 3)));
      randomize(random_, p);
      expect_pools_exactly(p, isa());
    }
  }
}

TEST_P(Pooling, IsExactForTheWindowsOfCommonNetworks) {
  struct Layer {
    std::int64_t height, width, channels;
    PoolingWindow window;
  };
  const Layer layers[] = {
      {15, 16, 64, {3, 3, 2, 2, 1, 1, 1, 1}},  // ResNet's stem
      {13, 13, 70, {3, 3, 2, 2, 0, 0, 1, 1}},  // rounded up
      {9, 9, 48, {3, 3, 1, 1, 1, 1, 1, 1}},    // Inception
      {13, 13, 65, {5, 5, 1, 1, 2, 2, 2, 2}},  // SPP
      {15, 15, 40, {13, 13, 1, 1, 6, 6, 6, 6}},
      {8, 8, 32, {2, 2, 2, 2}},
      {7, 7, 330, {7, 7}},                    // global
      {1, 50, 24, {1, 4, 1, 2, 0, 3, 0, 1}},  // 1D
  };
  for (const Layer& layer : layers) {
    expect_all_kinds({.window = layer.window,
                      .batch = 2,
                      .height = layer.height,
                      .width = layer.width,
                      .channels = layer.channels});
  }
}

/// More pixels than 16 bits can hold the sum of, in windows that are wide, high and both.
TEST_P(Pooling, SumsOfLargeWindowsAreExact) {
  for (auto [height, width] :
       {std::array{16, 16}, std::array{1, 257}, std::array{257, 1}, std::array{1, 256},
        std::array{3, 300}, std::array{2, 515}, std::array{29, 31}, std::array{130, 7}}) {
    for (DataType type : k8BitTypes) {
      for (Values values : {Values::kHighest, Values::kLowest, Values::kAny}) {
        PoolingProblem p{.average = true,
                         .window = {.kernel_h = height, .kernel_w = width},
                         .in_type = type,
                         .out_type = type,
                         .height = height,
                         .width = width,
                         .channels = 67};
        p.in = random_values(random_, type, height * width * p.channels, values);
        expect_pools_exactly(p, isa());
      }
    }
  }
}

TEST_P(Pooling, ExtremeScalesSaturate) {
  for (DataType type : k8BitTypes) {
    for (float scale : {FLT_TRUE_MIN, FLT_MIN, 1e-20f, 1e20f, FLT_MAX}) {
      for (std::int64_t zero_point : {lowest_of(type), highest_of(type)}) {
        PoolingProblem p{.window = {.kernel_h = 2, .kernel_w = 3, .pad_right = 2},
                         .height = 3,
                         .width = 4,
                         .channels = 65};
        randomize(random_, p);
        p.average = true;
        p.out_type = type;
        p.scale = scale;
        p.zero_point = static_cast<std::int32_t>(zero_point);
        expect_pools_exactly(p, isa());
      }
    }
  }
}

TEST_P(Pooling, LeavesGapsAlone) {
  using Gaps = std::array<std::int64_t, 3>;
  constexpr std::int64_t kTwoPages = 8192;
  for (std::int64_t channels : {5, 33, 64, 100}) {
    const Gaps gaps[] = {{1, 0, 0},    {0, 5, 0},
                         {0, 0, 7},    {13, 3, 1},
                         {13, -13, 0}, {kTwoPages - channels, 0, 0},
                         {0, 5, -5},   {0, kTwoPages - 5 * channels, kTwoPages}};
    for (std::size_t i = 0; i < std::size(gaps); ++i) {
      PoolingProblem p{.batch = 2, .height = 4, .width = 5, .channels = channels};
      p.window = {.kernel_h = 3, .kernel_w = 2, .stride_h = 2, .pad_top = 1, .pad_right = 1};
      p.in_gaps = gaps[i];
      p.out_gaps = gaps[(i + 3) % std::size(gaps)];
      expect_all_kinds(p);
    }
  }
}

TEST_P(Pooling, EqualsReferenceInARandomSweep) {
  random_sweep(150, [&](Random& random) {
    const std::int64_t height = random.integer(1, 12), width = random.integer(1, 14);
    PoolingProblem p{
        .batch = random.integer(1, 2),
        .height = height,
        .width = width,
        .channels = random.chance(30) ? random.integer(1, 300) : random.integer(1, 70)};
    p.window = random_window(random, random.integer(1, height), random.integer(1, width));
    for (std::int64_t& gap : p.in_gaps) gap = random.chance(50) ? 0 : random.integer(0, 40);
    for (std::int64_t& gap : p.out_gaps) gap = random.chance(50) ? 0 : random.integer(0, 40);
    randomize(random, p);
    expect_pools_exactly(p, isa());
  });
}

TEST_P(Pooling, TouchesNothingForAnEmptyBatch) {
  expect_all_kinds({.window = {.kernel_h = 2}, .batch = 0, .height = 3, .width = 3, .channels = 9});
}

OCTET_ON_EVERY_ISA(Pooling);

}  // namespace
}  // namespace octet::test
