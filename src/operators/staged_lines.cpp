#include "operators/staged_lines.hpp"

#include <algorithm>
#include <cstring>

#include "operators/im2col.hpp"

namespace octet {

Status make_pad_row(const PixelFormat& format, std::int64_t bytes, std::int32_t zero_point,
                    AlignedBuffer<std::uint8_t>& pad_row) {
  const std::int64_t values = bytes / format.value_bytes();
  AlignedBuffer<std::uint8_t> direct = allocate<std::uint8_t>(values);
  if (direct)
    std::memset(direct.get(), static_cast<std::uint8_t>(zero_point),
                static_cast<std::size_t>(values));
  if (direct && format.stager != nullptr) {
    pad_row = allocate<std::uint8_t>(bytes);
    if (pad_row) format.stager->stage({direct.get(), 0, 1, values, format.flip, pad_row.get(), 0});
  } else {
    pad_row = std::move(direct);
  }
  if (!pad_row) return Status::error(StatusCode::kOutOfMemory, "no memory for a Convolution");
  return {};
}

StagedLines::Memory StagedLines::take_memory(ScratchCursor& scratch, const PixelFormat& format,
                                             std::int64_t lines, std::int64_t width) {
  Memory memory = {};
  if (format.stager == nullptr && !format.copied) return memory;
  memory.lines = lines;
  // The last run of a line is read to the end of its last k-group, piece or vector.
  static_assert(kIm2colPiece <= kColumnSlack);
  const std::int64_t slack =
      format.copied ? kColumnSlack : kKr * std::int64_t{format.value_bytes()};
  memory.line_bytes = (format.left + width + format.right) * format.pixel_bytes() + slack;
  memory.data = scratch.take<std::uint8_t>((lines + (format.copied ? 1 : 0)) * memory.line_bytes);
  memory.held = scratch.take<std::int64_t>(lines);
  return memory;
}

StagedLines::StagedLines(const PixelFormat& format, const ConstVolumes& in, const std::uint8_t* pad,
                         const Memory& memory)
    : format_(format),
      in_(in),
      pad_(pad),
      memory_(memory),
      left_bytes_(format.left * format.pixel_bytes()) {
  std::fill_n(memory.held, memory.lines, -1);
  if (format.copied) fill(place(memory.lines), -format.left, in.width + format.right);
}

void StagedLines::fill(std::uint8_t* line, std::int64_t first, std::int64_t last) const {
  const std::int64_t bytes = format_.pixel_bytes(), count = (last - first) * bytes;
  std::uint8_t* to = line + first * bytes;
  if (format_.value_bytes() == 1) {
    std::memset(to, pad_[0], static_cast<std::size_t>(count));
  } else {
    std::int16_t value;
    std::memcpy(&value, pad_, sizeof value);
    std::fill_n(reinterpret_cast<std::int16_t*>(to), count / 2, value);
  }
}

void StagedLines::make(const std::uint8_t* line, std::uint8_t* made, bool first) const {
  if (format_.stager != nullptr) {
    stage(line, made);
  } else {
    copy(line, made);
  }
  if (!format_.copied) return;
  if (first) fill(made, -format_.left, 0);
  // Staging may have gone beyond the line.
  if (first || format_.stager != nullptr) fill(made, in_.width, in_.width + format_.right);
}

void StagedLines::copy(const std::uint8_t* line, std::uint8_t* copied) const {
  const std::int64_t channels = in_.channels;
  if (in_.pixel_stride == channels) {
    std::memcpy(copied, line, static_cast<std::size_t>(in_.width * channels));
  } else if (channels == 1) {
    copy_pixels<1>(line, copied);
  } else if (channels == 3) {
    copy_pixels<3>(line, copied);
  } else if (channels == 4) {
    copy_pixels<4>(line, copied);
  } else {
    copy_pixels<0>(line, copied);
  }
}

template <int kChannels>
void StagedLines::copy_pixels(const std::uint8_t* line, std::uint8_t* copied) const {
  const auto bytes = static_cast<std::size_t>(kChannels > 0 ? kChannels : in_.channels);
  for (std::int64_t x = 0; x < in_.width; ++x, line += in_.pixel_stride, copied += bytes)
    std::memcpy(copied, line, bytes);
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
