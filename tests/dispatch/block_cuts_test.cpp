// The cutting of blocks of output pixels: every pixel once, with all of its taps in the image.
#include "operators/block_cuts.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/random.hpp"

namespace octet::test {
namespace {

/// A layer, its images, and how their blocks are multiplied.
struct Layer {
  ConvolutionGeometry geometry;
  VolumeSize in;
  std::int64_t tile_rows, tap_dots;
};

bool holds_image_taps(TapRange range, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                      std::int64_t dilation, std::int64_t pad, std::int64_t size) {
  if (range.first < 0 || range.last > kernel || range.count() < 1) return false;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t at = out * stride - pad + tap * dilation;
    if (at >= 0 && at < size && (tap < range.first || tap >= range.last)) return false;
  }
  return true;
}

/// Cuts [first, first + count) and returns how many products of a pixel with a tap that leaves; all
/// of them if nothing is cut.
std::int64_t products_of_block(const Layer& layer, BlockCuts& cuts, std::int64_t first,
                               std::int64_t count) {
  const ConvolutionGeometry& g = layer.geometry;
  cuts.cut(first, count);
  if (cuts.cuts().empty()) return count * g.kernel_h * g.kernel_w;
  std::int64_t row = 0, products = 0;
  for (const BlockCut& cut : cuts.cuts()) {
    EXPECT_EQ(cut.row, row);
    row += cut.count;
    products += cut.count * cut.window.rows.count() * cut.window.columns.count();
  }
  EXPECT_EQ(row, count);
  const std::int64_t height = g.out_height(layer.in.height), width = g.out_width(layer.in.width);
  std::vector<int> seen(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t x = (first + i) % width, y = (first + i) / width % height;
    const std::int64_t pixels = std::min(width - x, count - i);
    cuts.place(
        y, x, pixels,
        [&](std::int64_t at, std::int64_t begin, std::int64_t part, const FilterWindow& window) {
          EXPECT_TRUE(holds_image_taps(window.rows, y, g.kernel_h, g.stride_h, g.dilation_h,
                                       g.pad_top, layer.in.height));
          for (std::int64_t p = 0; p < part; ++p) {
            EXPECT_TRUE(holds_image_taps(window.columns, begin + p, g.kernel_w, g.stride_w,
                                         g.dilation_w, g.pad_left, layer.in.width));
            ++seen.at(static_cast<std::size_t>(at + p));
          }
        });
    i += pixels;
  }
  for (const int times : seen) EXPECT_EQ(times, 1);
  return products;
}

std::int64_t products_of_all(const Layer& layer, std::int64_t block) {
  BlockCuts cuts;
  cuts.begin(layer.geometry, layer.in, 4, layer.tile_rows, layer.tap_dots);
  const std::int64_t pixels = layer.in.batch * layer.geometry.out_height(layer.in.height) *
                              layer.geometry.out_width(layer.in.width);
  std::int64_t products = 0;
  for (std::int64_t first = 0; first < pixels; first += block)
    products += products_of_block(layer, cuts, first, std::min(block, pixels - first));
  return products;
}

TEST(BlockCuts, PlaceEveryPixelOnceWithItsTaps) {
  Random random(1);
  for (int i = 0; i < 2000 && !testing::Test::HasFailure(); ++i) {
    Layer layer = {};
    ConvolutionGeometry& g = layer.geometry;
    g.kernel_h = random.integer(1, 7);
    g.kernel_w = random.integer(1, 7);
    g.stride_h = random.integer(1, 3);
    g.stride_w = random.integer(1, 3);
    g.dilation_h = random.integer(1, 9);
    g.dilation_w = random.integer(1, 9);
    g.pad_top = random.integer(-2, 20);
    g.pad_bottom = random.integer(-2, 20);
    g.pad_left = random.integer(-2, 20);
    g.pad_right = random.integer(-2, 20);
    layer.in = {random.integer(1, 3), 1, random.integer(1, 40), random.integer(1, 40)};
    layer.tile_rows = random.integer(1, 10);
    layer.tap_dots = random.integer(1, 512);
    if (g.out_height(layer.in.height) < 1 || g.out_width(layer.in.width) < 1) continue;
    products_of_all(layer, random.integer(1, 252));
  }
}

TEST(BlockCuts, LeaveOutWhatLiesInThePadding) {
  Layer layer = {};
  ConvolutionGeometry& g = layer.geometry;
  g.kernel_h = g.kernel_w = 3;
  g.dilation_h = g.dilation_w = g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = 12;
  layer.in = {1, 1, 28, 28};
  layer.tile_rows = 6;
  layer.tap_dots = 256;
  // Along a line 12 outputs have two taps in the image, 4 have three, and 12 have two.
  EXPECT_EQ(products_of_all(layer, 224), 60 * 60);
}

TEST(BlockCuts, LeaveLargeImagesWhole) {
  Layer layer = {};
  ConvolutionGeometry& g = layer.geometry;
  g.kernel_h = g.kernel_w = 3;
  g.pad_left = g.pad_right = 1;
  layer.in = {1, 1, 100, 100};
  layer.tile_rows = 6;
  layer.tap_dots = 64;
  EXPECT_EQ(products_of_all(layer, 227), 100 * 98 * 9);
}

}  // namespace
}  // namespace octet::test
