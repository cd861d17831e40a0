/// Lines of images, staged for the rows of a convolution.
#pragma once

#include <cstdint>

#include "dispatch/registry.hpp"
#include "octet/types.hpp"
#include "operators/aligned_buffer.hpp"

namespace octet {

/// How the channels of a pixel stand in rows.
struct PixelFormat {
  const KernelTable* stager = nullptr;  ///< Stages the lines; null: rows are direct.
  std::uint8_t flip = 0;                ///< 0x80 if staging flips the top bits.
  /// Each group of channels is padded to whole k-groups; not in runs, where pixels follow one
  /// another without gaps.
  bool padded = false;
  std::int64_t groups = 1;
  std::int64_t group_channels = 1;

  int value_bytes() const { return stager == nullptr ? 1 : stager->lhs_bytes; }
  std::int64_t group_values() const {
    return padded ? round_up(group_channels, std::int64_t{kKr}) : group_channels;
  }
  std::int64_t pixel_bytes() const { return groups * group_values() * value_bytes(); }
};

/// Keeps the lines that a block of output pixels needs. A line is staged when it is first asked
/// for, and stays until another needs its place: blocks that follow one another share what they
/// can.
class StagedLines {
 public:
  /// Scratch of one task.
  struct Memory {
    std::uint8_t* data;  ///< [lines][line_bytes]
    std::int64_t* held;  ///< [lines]: number of the line at each place.
    std::int64_t lines;
    std::int64_t line_bytes;
  };
  /// For lines of `width` pixels; none if rows are direct.
  static Memory take_memory(ScratchCursor& scratch, const PixelFormat& format, std::int64_t lines,
                            std::int64_t width);

  StagedLines(const PixelFormat& format, const ConstImages& in, const Memory& memory);

  /// Pixel 0 of line y of image n. Valid while fewer than `lines` lines, numbered through the
  /// batch, lie between it and any that is asked for.
  const std::uint8_t* line(std::int64_t n, std::int64_t y);

 private:
  void stage(const std::uint8_t* line, std::uint8_t* staged) const;

  const PixelFormat& format_;
  const ConstImages& in_;
  Memory memory_;
};

}  // namespace octet
