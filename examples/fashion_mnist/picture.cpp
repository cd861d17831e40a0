#include "picture.hpp"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "network.hpp"

namespace fashion_mnist {
namespace {

constexpr int kColumns = 10;
constexpr int kFirstRows = 4;
constexpr int kMistakeRows = 2;
constexpr int kZoom = 4;
constexpr int kTile = 28 * kZoom;
constexpr int kFrame = 6;  // from the image to its frame
constexpr int kCellWidth = kTile + 2 * kFrame + 18;
constexpr int kCellHeight = kTile + 2 * kFrame + 52;
constexpr int kMargin = 30;
constexpr int kTitleHeight = 90;
constexpr int kSectionHeight = 44;
constexpr int kPictureWidth = 2 * kMargin + kColumns * kCellWidth;
constexpr int kPictureHeight =
    2 * kMargin + kTitleHeight + 2 * kSectionHeight + (kFirstRows + kMistakeRows) * kCellHeight;

struct Colour {
  double red, green, blue;
};
constexpr Colour kInk = {0.13, 0.15, 0.18};
constexpr Colour kGrey = {0.45, 0.47, 0.50};
constexpr Colour kRight = {0.10, 0.50, 0.25};
constexpr Colour kWrong = {0.80, 0.13, 0.15};

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

Surface make_surface(cairo_format_t format, int width, int height) {
  return {cairo_image_surface_create(format, width, height), cairo_surface_destroy};
}

void set_colour(cairo_t* cairo, const Colour& colour) {
  cairo_set_source_rgb(cairo, colour.red, colour.green, colour.blue);
}

/// Returns the x at which the text ends.
double draw_text(cairo_t* cairo, double x, double y, double size, bool bold, const Colour& colour,
                 const std::string& text) {
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo, size);
  set_colour(cairo, colour);
  cairo_move_to(cairo, x, y);
  cairo_show_text(cairo, text.c_str());
  cairo_get_current_point(cairo, &x, &y);
  return x;
}

/// `pixels` [28, 28], dark on white, in a frame.
void draw_image(cairo_t* cairo, double x, double y, const std::uint8_t* pixels,
                const Colour& frame) {
  const Surface image = make_surface(CAIRO_FORMAT_RGB24, kWidth, kHeight);
  unsigned char* const data = cairo_image_surface_get_data(image.get());
  const int stride = cairo_image_surface_get_stride(image.get());
  for (int row = 0; row < kHeight; ++row) {
    auto* const to = reinterpret_cast<std::uint32_t*>(data + row * stride);
    for (int column = 0; column < kWidth; ++column)
      to[column] = 0x010101U * (255U - pixels[row * kWidth + column]);
  }
  cairo_surface_mark_dirty(image.get());

  cairo_save(cairo);
  cairo_translate(cairo, x, y);
  cairo_scale(cairo, kZoom, kZoom);
  cairo_set_source_surface(cairo, image.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_NEAREST);
  cairo_paint(cairo);
  cairo_restore(cairo);
  set_colour(cairo, frame);
  cairo_set_line_width(cairo, 3);
  cairo_rectangle(cairo, x - kFrame, y - kFrame, kTile + 2 * kFrame, kTile + 2 * kFrame);
  cairo_stroke(cairo);
}

/// Of the largest of `logits` [10], by softmax.
double probability(std::span<const float> logits) {
  const float largest = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit - largest));
  return 1 / sum;
}

struct Gallery {
  const Dataset& dataset;
  std::span<const float> logits;
  std::vector<std::uint8_t> predictions;

  bool is_right(std::size_t i) const { return predictions[i] == dataset.labels[i]; }

  void draw_cell(cairo_t* cairo, double x, double y, std::size_t i) const {
    const Colour& verdict = is_right(i) ? kRight : kWrong;
    draw_image(cairo, x + kFrame, y + kFrame, dataset.pixels.data() + i * kPixels, verdict);
    y += kTile + 2 * kFrame + 18;
    const double end = draw_text(cairo, x, y, 14, true, verdict, kClassNames[predictions[i]]);
    char percent[16];
    std::snprintf(percent, sizeof(percent), "%.0f %%",
                  100 * probability(logits.subspan(i * kClasses, kClasses)));
    draw_text(cairo, end + 5, y, 12, false, kGrey, percent);
    if (is_right(i)) return;
    draw_text(cairo, x, y + 16, 12, false, kGrey,
              std::string("right: ") + kClassNames[dataset.labels[i]]);
  }

  /// A line of text, and a grid of images from `y` on. Returns where the next section begins.
  double draw_section(cairo_t* cairo, double y, const std::string& title,
                      std::span<const std::size_t> images, int rows) const {
    draw_text(cairo, kMargin, y + 24, 17, true, kInk, title);
    y += kSectionHeight;
    for (std::size_t i = 0; i < images.size(); ++i) {
      const int row = static_cast<int>(i) / kColumns;
      const int column = static_cast<int>(i) % kColumns;
      draw_cell(cairo, kMargin + column * kCellWidth, y + row * kCellHeight, images[i]);
    }
    return y + rows * kCellHeight;
  }
};

}  // namespace

void write_picture(const std::filesystem::path& path, const std::string& headline,
                   const Dataset& dataset, std::span<const float> logits) {
  const Gallery gallery = {dataset, logits, classify(logits)};
  std::vector<std::size_t> first, mistakes;
  for (std::size_t i = 0; i < dataset.labels.size(); ++i) {
    if (first.size() < kFirstRows * kColumns) {
      first.push_back(i);
    } else if (!gallery.is_right(i) && mistakes.size() < kMistakeRows * kColumns) {
      mistakes.push_back(i);
    }
  }
  const Surface surface = make_surface(CAIRO_FORMAT_RGB24, kPictureWidth, kPictureHeight);
  const Context context(cairo_create(surface.get()), cairo_destroy);
  cairo_t* const cairo = context.get();
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_paint(cairo);
  draw_text(cairo, kMargin, kMargin + 24, 28, true, kInk, "Fashion-MNIST in 8 bits on octet");
  draw_text(cairo, kMargin, kMargin + 54, 16, false, kGrey, headline);
  double y = kMargin + kTitleHeight;
  y = gallery.draw_section(cairo, y, "The first test images", first, kFirstRows);
  gallery.draw_section(cairo, y, "The next mistakes", mistakes, kMistakeRows);
  cairo_surface_flush(surface.get());
  const cairo_status_t status = cairo_surface_write_to_png(surface.get(), path.c_str());
  if (status != CAIRO_STATUS_SUCCESS)
    throw std::runtime_error(path.string() + ": " + cairo_status_to_string(status));
}

}  // namespace fashion_mnist
