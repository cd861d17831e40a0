#include "operators/block_cuts.hpp"

#include <algorithm>

#include "dispatch/schedule.hpp"

namespace octet {
namespace {

/// Times, in dot products: of beginning a tile's loop over a tap; of a cut's terms and the ends of
/// its tiles; and of pointing to the pixels of a line, and to them for each tap.
constexpr std::int64_t kTap = 20, kCut = 120, kLine = 100, kPointers = 40;

TapRange merged(TapRange a, TapRange b) {
  return {std::min(a.first, b.first), std::max(a.last, b.last)};
}

}  // namespace

TapRange BlockCuts::Axis::at(std::int64_t i) const {
  const std::int64_t start = i * stride - pad, room = size - 1 - start;
  const std::int64_t first = start >= 0 ? 0 : (dilation - 1 - start) / dilation;
  const std::int64_t last = room >= (kernel - 1) * dilation ? kernel
                            : room < 0                      ? 0
                                                            : room / dilation + 1;
  return first < last ? TapRange{first, last} : TapRange{0, 1};
}

std::int64_t BlockCuts::Axis::end_of_whole() const {
  const std::int64_t room = size - 1 - dilation * (kernel - 1) + pad;
  return room < 0 ? 0 : std::min(room / stride + 1, out_size);
}

void BlockCuts::begin(const ConvolutionGeometry& g, const VolumeSize& in, std::int64_t panels,
                      std::int64_t tile_rows, std::int64_t tap_dots) {
  rows_ = {in.height, g.out_height(in.height), g.kernel_h, g.stride_h, g.dilation_h, g.pad_top};
  columns_axis_ = {in.width,   g.out_width(in.width), g.kernel_w,
                   g.stride_w, g.dilation_w,          g.pad_left};
  panels_ = panels;
  line_time_ = kLine / panels;
  pointers_time_ = kPointers / panels;
  tile_rows_ = tile_rows;
  tap_dots_ = tap_dots;
  const TapRange whole = {0, g.kernel_w};
  for (std::int64_t x = 0; x < columns_axis_.out_size;) {
    const TapRange range = columns_axis_.at(x);
    std::int64_t end = x + 1;
    if (range == whole) end = std::max(end, columns_axis_.end_of_whole());
    if (column_count_ > 0 && columns_[column_count_ - 1].range == range) {
      columns_[column_count_ - 1].end = end;
    } else if (column_count_ == kMostRanges) {
      columns_[0] = {0, columns_axis_.out_size, whole};
      column_count_ = 1;
      return;
    } else {
      columns_[column_count_++] = {x, end, range};
    }
    x = end;
  }
}

int BlockCuts::find_band(TapRange range) const {
  int band = 0;
  while (band < band_count_ && bands_[band].range != range) ++band;
  return band;
}

bool BlockCuts::count_pixels(std::int64_t first, std::int64_t count) {
  band_count_ = 0;
  std::int64_t x = first % columns_axis_.out_size;
  std::int64_t y = first / columns_axis_.out_size % rows_.out_size;
  for (std::int64_t row = 0; row < count; ++y, x = 0) {
    if (y == rows_.out_size) y = 0;
    const TapRange range = rows_.at(y);
    const int b = find_band(range);
    if (b == band_count_) {
      if (b == kMostRanges) return false;
      Band& band = bands_[band_count_++];
      band.range = range;
      band.lines = 0;
      std::fill_n(band.counts, column_count_, 0);
    }
    ++bands_[b].lines;
    const std::int64_t end = std::min(x + count - row, columns_axis_.out_size);
    for (int c = 0; c < column_count_; ++c)
      bands_[b].counts[c] += std::max<std::int64_t>(
          std::min(end, columns_[c].end) - std::max(x, columns_[c].begin), 0);
    row += end - x;
  }
  return true;
}

std::int64_t BlockCuts::time(const BlockCut& cut, std::int64_t lines) const {
  // Tiles of few rows wait for their weights as if they had more.
  constexpr std::int64_t kLeastRows = 3;
  const std::int64_t taps = cut.window.rows.count() * cut.window.columns.count();
  const std::int64_t tiles = divide_up(cut.count, tile_rows_);
  return std::max(cut.count, kLeastRows * tiles) * taps * tap_dots_ + tiles * taps * kTap + kCut +
         lines * (line_time_ + taps * pointers_time_);
}

void BlockCuts::cut_band(Band& band) {
  const auto both = [](const BlockCut& a, const BlockCut& b) {
    return BlockCut{0,
                    a.count + b.count,
                    {a.window.rows, merged(a.window.columns, b.window.columns)},
                    a.begin,
                    b.end,
                    0};
  };
  std::int64_t left_out = 0;  // dot products, at most
  for (int c = 0; c < column_count_; ++c)
    left_out += band.counts[c] * (columns_axis_.kernel - columns_[c].range.count());
  const bool may_pay = left_out * band.range.count() * tap_dots_ > kCut;
  band.first_cut = count_;
  for (int c = 0; c < column_count_ && count_ < kMostCuts; ++c) {
    if (band.counts[c] == 0) continue;
    const BlockCut cut = {
        0, band.counts[c], {band.range, columns_[c].range}, columns_[c].begin, columns_[c].end, 0};
    if (may_pay || count_ == band.first_cut) {
      cuts_[count_++] = cut;
    } else {
      cuts_[count_ - 1] = both(cuts_[count_ - 1], cut);
    }
  }
  for (int i = band.first_cut; i < count_; ++i) cuts_[i].time = time(cuts_[i], band.lines);
  // Neighbours are multiplied together while that is no slower, those first that gain most.
  for (;;) {
    int at = -1;
    std::int64_t most = -1;
    BlockCut best;
    for (int i = band.first_cut; i + 1 < count_; ++i) {
      BlockCut pair = both(cuts_[i], cuts_[i + 1]);
      pair.time = time(pair, band.lines);
      const std::int64_t gain = cuts_[i].time + cuts_[i + 1].time - pair.time;
      if (gain <= most) continue;
      most = gain;
      at = i;
      best = pair;
    }
    if (at < 0) break;
    cuts_[at] = best;
    std::copy(cuts_ + at + 2, cuts_ + count_, cuts_ + at + 1);
    --count_;
  }
  band.last_cut = count_;
}

void BlockCuts::cut(std::int64_t first, std::int64_t count) {
  count_ = 0;
  if (column_count_ == 0) return;
  constexpr std::int64_t kLeastDots = 40000;  // it takes as long to cut what has fewer
  const std::int64_t dots = count * rows_.kernel * columns_axis_.kernel * tap_dots_ * panels_;
  if (dots < kLeastDots || !count_pixels(first, count)) return;
  std::int64_t row = 0, lines = 0, total = 0;
  for (int b = 0; b < band_count_; ++b) {
    cut_band(bands_[b]);
    lines += bands_[b].lines;
  }
  for (int i = 0; i < count_; row += cuts_[i].count, ++i) {
    cuts_[i].row = next_row_[i] = row;
    total += cuts_[i].time;
  }
  const BlockCut whole = {0, count, {{0, rows_.kernel}, {0, columns_axis_.kernel}}, 0, 0, 0};
  constexpr double kClearly = 0.97;
  const bool pays = static_cast<double>(total) < kClearly * static_cast<double>(time(whole, lines));
  if (row < count || !pays) count_ = 0;  // or there were too many cuts
}

}  // namespace octet
