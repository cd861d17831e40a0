#include "operators/staged_lines.hpp"

#include <algorithm>

namespace octet {

StagedLines::Memory StagedLines::take_memory(ScratchCursor& scratch, const PixelFormat& format,
                                             std::int64_t lines, std::int64_t width) {
  Memory memory = {};
  if (format.stager == nullptr) return memory;
  memory.lines = lines;
  // The last run of a line is read to the end of its last k-group.
  memory.line_bytes = width * format.pixel_bytes() + kKr * format.value_bytes();
  memory.data = scratch.take<std::uint8_t>(lines * memory.line_bytes);
  memory.held = scratch.take<std::int64_t>(lines);
  return memory;
}

StagedLines::StagedLines(const PixelFormat& format, const ConstImages& in, const Memory& memory)
    : format_(format), in_(in), memory_(memory) {
  std::fill_n(memory.held, memory.lines, -1);
}

const std::uint8_t* StagedLines::line(std::int64_t n, std::int64_t y) {
  const std::int64_t number = n * in_.height + y;
  const std::int64_t place = number % memory_.lines;
  std::uint8_t* staged = memory_.data + place * memory_.line_bytes;
  if (memory_.held[place] != number) {
    stage(static_cast<const std::uint8_t*>(in_.data) + n * in_.image_stride + y * in_.row_stride,
          staged);
    memory_.held[place] = number;
  }
  return staged;
}

void StagedLines::stage(const std::uint8_t* line, std::uint8_t* staged) const {
  const bool gapless =
      in_.pixel_stride == in_.channels && format_.group_values() == format_.group_channels;
  if (gapless) {
    format_.stager->stage({line, 0, 1, in_.width * in_.channels, format_.flip, staged, 0});
    return;
  }
  // A pixel is a row: the padding behind a pixel of a run is overwritten by the next.
  for (std::int64_t group = 0; group < format_.groups; ++group) {
    format_.stager->stage({line + group * format_.group_channels, in_.pixel_stride, in_.width,
                           format_.group_channels, format_.flip,
                           staged + group * format_.group_values() * format_.value_bytes(),
                           format_.pixel_bytes()});
  }
}

}  // namespace octet
