#include "operators/staged_lines.hpp"

#include <algorithm>
#include <cstring>

#include "operators/im2col.hpp"

namespace octet {

StagedLines::Memory StagedLines::take_memory(ScratchCursor& scratch, const PixelFormat& format,
                                             std::int64_t lines, std::int64_t width) {
  Memory memory = {};
  if (format.stager == nullptr && !format.copied) return memory;
  memory.lines = lines;
  // The last run of a line is read to the end of its last k-group, or piece.
  const std::int64_t slack =
      format.copied ? kIm2colPiece : kKr * std::int64_t{format.value_bytes()};
  memory.line_bytes = (format.left + width + format.right) * format.pixel_bytes() + slack;
  memory.data = scratch.take<std::uint8_t>((lines + (format.copied ? 1 : 0)) * memory.line_bytes);
  memory.held = scratch.take<std::int64_t>(lines);
  return memory;
}

StagedLines::StagedLines(const PixelFormat& format, const ConstVolumes& in, const std::uint8_t* pad,
                         const Memory& memory)
    : format_(format), in_(in), pad_(pad), memory_(memory) {
  std::fill_n(memory.held, memory.lines, -1);
  if (!format.copied) return;
  for (std::int64_t i = 0; i < memory.lines; ++i) fill(place(i), -format.left, 0);
  fill(place(memory.lines), -format.left, in.width + format.right);
}

void StagedLines::fill(std::uint8_t* line, std::int64_t first, std::int64_t last) const {
  const std::int64_t bytes = format_.pixel_bytes();
  for (std::int64_t x = first; x < last; ++x)
    std::memcpy(line + x * bytes, pad_, static_cast<std::size_t>(bytes));
}

const std::uint8_t* StagedLines::line(std::int64_t n, std::int64_t z, std::int64_t y) {
  const std::int64_t number = (n * in_.depth + z) * in_.height + y;
  const std::int64_t at = number % memory_.lines;
  if (memory_.held[at] != number) {
    const auto* from = static_cast<const std::uint8_t*>(in_.data) + n * in_.volume_stride +
                       z * in_.plane_stride + y * in_.row_stride;
    if (format_.stager != nullptr) {
      stage(from, place(at));
    } else {
      copy(from, place(at));
    }
    fill(place(at), in_.width, in_.width + format_.right);  // staging may have gone beyond the line
    memory_.held[at] = number;
  }
  return place(at);
}

void StagedLines::copy(const std::uint8_t* line, std::uint8_t* copied) const {
  const auto bytes = static_cast<std::size_t>(in_.channels);
  if (in_.pixel_stride == in_.channels) {
    std::memcpy(copied, line, static_cast<std::size_t>(in_.width) * bytes);
    return;
  }
  for (std::int64_t x = 0; x < in_.width; ++x)
    std::memcpy(copied + x * in_.channels, line + x * in_.pixel_stride, bytes);
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
