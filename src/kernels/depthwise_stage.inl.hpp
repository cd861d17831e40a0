// Depthwise convolution, the first part: columns of lines on their way to scratch, interleaved.
// Included inside an ISA's anonymous namespace, by depthwise.inl.hpp, which lists what `Simd`
// gives.

/// How a channel is repeated for its output channels, see Simd::spread.
template <class Simd>
struct Spread {
  explicit Spread(const DepthwiseArgs& args) {
    if (args.multiplier == 1) return;
    constexpr int kBytes = 4 * Simd::kLanes;
    const int stream_bytes = kBytes / args.streams;
    std::int32_t group_of[Simd::kLanes] = {};
    std::uint8_t byte_of[kBytes] = {};
    for (int stream = 0; stream < args.streams; ++stream) {
      std::int64_t channel = 0, used = args.first_of_channel;
      for (int block = stream * stream_bytes; block < (stream + 1) * stream_bytes; block += 16) {
        const std::int64_t first = channel / 4;
        for (int i = 0; i < 4; ++i)
          group_of[block / 4 + i] =
              static_cast<std::int32_t>(stream * stream_bytes / 4 + first + i);
        for (int i = 0; i < 16; ++i) {
          byte_of[block + i] = static_cast<std::uint8_t>(channel - 4 * first);
          if (++used == args.multiplier) {
            used = 0;
            ++channel;
          }
        }
      }
    }
    groups = Simd::load(group_of);
    bytes = Simd::load(byte_of);
  }
  typename Simd::I32 groups = {}, bytes = {};
};

/// Columns of one group of lines, of every stream, on their way to scratch.
template <class Simd, int kStreams, bool kSpread>
class GroupStage {
 public:
  OCTET_INLINE GroupStage(const DepthwiseArgs& args, const DepthwiseUnit* units,
                          const Spread<Simd>* spread, std::int64_t group)
      : spread_(spread),
        flip_(Simd::fill(args.flip * 0x01010101u)),
        step_(args.step),
        first_channel_(args.in_channel),
        channels_(args.in_channels),
        pad_(args.pad + args.in_channel),
        column_bytes_(args.groups * kGroupBytes),
        staged_(args.staged + group * kGroupBytes) {
    OCTET_UNROLL for (int i = 0; i < kInputs; ++i) lines_[i] =
        units[i % kStreams].lines + group * kSlots + i / kStreams;
  }

  /// Columns [0, count).
  OCTET_INLINE void columns(std::int64_t count) const {
    // Inside the image in some line; in all lines that have a pixel of it.
    std::int64_t some_begin = count, some_end = 0, begin = 0, end = count;
    bool all_move = true;
    OCTET_UNROLL for (int i = 0; i < kInputs; ++i) {
      const DepthwiseLine& line = *lines_[i];
      all_move = all_move && line.moves;
      if (line.begin >= line.end) continue;
      some_begin = line.begin < some_begin ? line.begin : some_begin;
      some_end = line.end > some_end ? line.end : some_end;
      begin = line.begin > begin ? line.begin : begin;
      end = line.end < end ? line.end : end;
    }
    some_end = some_end < count ? some_end : count;
    if (some_begin >= some_end) some_begin = some_end = count;
    if (begin >= end) begin = end = some_end;
    OCTET_ROLLED for (int side = 0; side < 2; ++side) {
      outside(side == 0 ? 0 : some_end, side == 0 ? some_begin : count);
      border(side == 0 ? some_begin : end, side == 0 ? begin : some_end);
    }
    if (all_move) {
      inside<true>(begin, end);
    } else {
      inside<false>(begin, end);
    }
  }

 private:
  static constexpr int kSlots = Simd::kSlots;
  static constexpr int kInputs = kSlots * kStreams;
  static constexpr int kGroupBytes = 16 * Simd::kLanes;

  OCTET_INLINE void outside(std::int64_t column, std::int64_t end) const {
    if (column >= end) return;
    typename Simd::I32 lines[kSlots], values[4];
    OCTET_UNROLL for (int i = 0; i < kSlots; ++i) lines[i] =
        Simd::exclusive_or(Simd::fill(*pad_ * 0x01010101u), flip_);
    Simd::interleave(lines, values);
    for (; column < end; ++column) store(values, staged_ + column * column_bytes_);
  }
  template <bool kAllMove>
  OCTET_INLINE void inside(std::int64_t column, std::int64_t end) const {
    if (column >= end) return;
    const std::uint8_t* in[kInputs];
    std::int64_t moves[kInputs];  // all ones, or zero
    OCTET_UNROLL for (int i = 0; i < kInputs; ++i) {
      moves[i] = kAllMove || lines_[i]->moves ? -1 : 0;
      in[i] = at(*lines_[i], column);
    }
    std::uint8_t* to = staged_ + column * column_bytes_;
    for (std::int64_t offset = 0; column < end; ++column, offset += step_, to += column_bytes_) {
      const std::uint8_t* pixels[kInputs];
      OCTET_UNROLL for (int i = 0; i < kInputs; ++i) pixels[i] =
          in[i] + (kAllMove ? offset : offset & moves[i]);
      put(pixels, to);
    }
  }
  OCTET_INLINE void border(std::int64_t column, std::int64_t end) const {
    for (; column < end; ++column) {
      const std::uint8_t* pixels[kInputs];
      OCTET_UNROLL for (int i = 0; i < kInputs; ++i) pixels[i] = at(*lines_[i], column);
      put(pixels, staged_ + column * column_bytes_);
    }
  }
  OCTET_INLINE const std::uint8_t* at(const DepthwiseLine& line, std::int64_t column) const {
    if (column < line.begin || column >= line.end) return pad_;
    return line.data + first_channel_ + (column - line.begin) * step_;
  }
  OCTET_INLINE void put(const std::uint8_t* const (&in)[kInputs], std::uint8_t* to) const {
    typename Simd::I32 lines[kSlots], values[4];
    OCTET_UNROLL for (int i = 0; i < kSlots; ++i) {
      const std::uint8_t* streams[kStreams];
      OCTET_UNROLL for (int p = 0; p < kStreams; ++p) streams[p] = in[i * kStreams + p];
      lines[i] = Simd::template load_streams<kStreams>(streams, channels_);
      if constexpr (kSpread) lines[i] = Simd::spread(lines[i], spread_->groups, spread_->bytes);
      lines[i] = Simd::exclusive_or(lines[i], flip_);
    }
    Simd::interleave(lines, values);
    store(values, to);
  }
  static OCTET_INLINE void store(const typename Simd::I32 (&values)[4], std::uint8_t* to) {
    OCTET_UNROLL for (int i = 0; i < 4; ++i) Simd::store(to + i * 4 * Simd::kLanes, values[i]);
  }

  const Spread<Simd>* spread_;
  const typename Simd::I32 flip_;
  const std::int64_t step_, first_channel_, channels_;
  const std::uint8_t* const pad_;
  const std::int64_t column_bytes_;
  std::uint8_t* const staged_;
  const DepthwiseLine* lines_[kInputs];  ///< [slots][streams]
};

/// Interleaves columns [0, count) of all lines of `kStreams` units.
template <class Simd, int kStreams>
void stage_columns(const DepthwiseArgs& args, const DepthwiseUnit* units,
                   const Spread<Simd>* spread, std::int64_t count) {
  for (std::int64_t group = 0; group < args.groups; ++group) {
    if (spread == nullptr) {
      GroupStage<Simd, kStreams, false>(args, units, spread, group).columns(count);
    } else {
      GroupStage<Simd, kStreams, true>(args, units, spread, group).columns(count);
    }
  }
}
