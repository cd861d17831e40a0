/// Lines of images, copied for the rows of a convolution.
#pragma once

#include <cstdint>

#include "dispatch/registry.hpp"
#include "octet/status.hpp"
#include "octet/types.hpp"
#include "operators/aligned_buffer.hpp"
#include "operators/columns.hpp"

namespace octet {

/// How the channels of a pixel stand in rows.
struct PixelFormat {
  bool copied = false;                  ///< Lines are copied, or staged, with their padding.
  std::int64_t left = 0, right = 0;     ///< Pixels of the padding of a copied line.
  const KernelTable* stager = nullptr;  ///< Stages the lines; null: rows are direct.
  std::uint8_t flip = 0;                ///< 0x80 if staging flips the top bits.
  /// Each group of channels is padded to whole k-groups; not in runs, where pixels follow one
  /// another without gaps.
  bool padded = false;
  std::int64_t groups = 1;
  std::int64_t group_channels = 1;
  ColumnOrder columns;  ///< For kColumns.

  bool in_place() const { return stager == nullptr && !copied; }
  int value_bytes() const { return stager == nullptr ? 1 : stager->lhs_bytes; }
  std::int64_t group_values() const {
    return padded ? round_up(group_channels, std::int64_t{kKr}) : group_channels;
  }
  std::int64_t pixel_bytes() const { return groups * group_values() * value_bytes(); }
};

/// `bytes` bytes of rows that hold nothing but the zero point.
Status make_pad_row(const PixelFormat& format, std::int64_t bytes, std::int32_t zero_point,
                    AlignedBuffer<std::uint8_t>& pad_row);

/// Keeps the lines that a block of output pixels needs. A line is staged when it is first asked
/// for, and stays until another needs its place: blocks that follow one another share what they
/// can.
class StagedLines {
 public:
  /// Scratch of one task.
  struct Memory {
    std::uint8_t* data;  ///< [lines][line_bytes], and the pad_line()
    std::int64_t* held;  ///< [lines]: number of the line at each place.
    std::int64_t lines;
    std::int64_t line_bytes;
  };
  /// For lines of `width` pixels; none if they are used in place.
  static Memory take_memory(ScratchCursor& scratch, const PixelFormat& format, std::int64_t lines,
                            std::int64_t width);

  /// `pad`: a pixel outside the image, as rows hold it.
  StagedLines(const PixelFormat& format, const ConstVolumes& in, const std::uint8_t* pad,
              const Memory& memory);

  /// Whether lines are used in place: then there is nothing else to ask for.
  bool in_place() const { return memory_.lines == 0; }
  /// Pixel 0 of line y of plane z of volume n. Valid while fewer than `lines` lines, numbered
  /// through the batch, lie between it and any that is asked for.
  const std::uint8_t* line(std::int64_t n, std::int64_t z, std::int64_t y) {
    const std::int64_t number = (n * in_.depth + z) * in_.height + y;
    const std::int64_t at = place_of(number);
    std::uint8_t* made = place(at);
    if (memory_.held[at] != number) {
      make(static_cast<const std::uint8_t*>(in_.data) + n * in_.volume_stride +
               z * in_.plane_stride + y * in_.row_stride,
           made, memory_.held[at] < 0);
      memory_.held[at] = number;
    }
    return made;
  }
  /// Pixel 0 of a copied line outside the image: padding throughout.
  const std::uint8_t* pad_line() const { return place(memory_.lines); }

 private:
  std::uint8_t* place(std::int64_t i) const {
    return memory_.data + i * memory_.line_bytes + left_bytes_;
  }
  /// number % lines: from line to line a step of few, for which a division would take too long.
  std::int64_t place_of(std::int64_t number) {
    std::int64_t at = last_place_ + (number - last_number_);
    at += at < 0 ? memory_.lines : at >= memory_.lines ? -memory_.lines : 0;
    if (at < 0 || at >= memory_.lines) at = number % memory_.lines;
    last_number_ = number;
    last_place_ = at;
    return at;
  }
  /// Copies or stages a line of the image; `first`: to a place that has held none.
  void make(const std::uint8_t* line, std::uint8_t* made, bool first) const;
  void stage(const std::uint8_t* line, std::uint8_t* staged) const;
  void copy(const std::uint8_t* line, std::uint8_t* copied) const;
  /// Pixels with gaps between them; of kChannels channels, or of any number if that is 0.
  template <int kChannels>
  void copy_pixels(const std::uint8_t* line, std::uint8_t* copied) const;
  /// Pixels [first, last) of a copied line become padding.
  void fill(std::uint8_t* line, std::int64_t first, std::int64_t last) const;

  const PixelFormat& format_;
  const ConstVolumes& in_;
  const std::uint8_t* pad_;
  Memory memory_;
  std::int64_t left_bytes_;
  std::int64_t last_number_ = 0, last_place_ = 0;
};

}  // namespace octet
