// Depthwise convolution by 3x3 filters with stride 1 or 2, for few channels whose pixels lie back
// to back. Included inside an ISA's anonymous namespace, after depthwise.inl.hpp, by ISAs with 32
// registers. Besides what that lists, `Simd` gives
//   ByteMask        of load_first_bytes and store_half
//   lanes_apart     orders bytes so that interleave() leaves neighbours together; and brings the
//                   results of narrow_quad, from neighbours, into their order
//   pixels_apart    for select_lanes: every other pixel of two vectors, ordered like that
//
// Lines are taken as bytes: in scratch, the next pixel is so and so many bytes further, and a strip
// of half a vector of bytes may begin and end in any of them. Its weights, and its sums for two
// rows of outputs, fit the registers. Strips with the same channels follow each other along x and
// from unit to unit. What makes bytes of sums is written beside the dot products of the next two
// strips, and every operation not much before it can start.

#include "kernels/depthwise_strip_stage.inl.hpp"
#include "kernels/depthwise_strip_steps.inl.hpp"

/// All strips of some units.
template <class Simd, int kStride>
class StripRuns {
  static constexpr int kSlots = Simd::kSlots;
  static constexpr std::int64_t kWeights = (kStride == 1 ? 2 : 1) * 3 * kSlots * kStripBytes;

 public:
  explicit StripRuns(const DepthwiseArgs& args) : args_(args), call_(args.epilogue->bytes) {
    std::int64_t width = 1;
    for (std::int64_t i = 0; i < args.count; ++i)
      width = width < args.units[i].width ? args.units[i].width : width;
    const std::int64_t plane = strip_plane(width, args.in_channels);
    const std::int64_t pixel = kSlots * args.in_channels;
    call_.taps[0] = 0;
    call_.taps[1] = kStride == 1 ? pixel : plane;
    call_.taps[2] = kStride == 1 ? 2 * pixel : pixel;
    call_.row_bytes = kStride * plane;
    call_.values_step = args.strips * kSlots * kStripBytes;
    call_.out_step = args.strips * kStripBytes;
    stage(plane);
  }
  void run() {
    for (std::int64_t strip = 0; strip < args_.strips; ++strip) {
      run_strip<false>(strip, kStripBytes);
      if (tail_ > 0) run_strip<true>(strip, tail_);
    }
  }

 private:
  struct Unit {
    const std::uint8_t* values;
    std::uint8_t* out[2];
    /// Of each strip; strips that have one more; and bytes of the one behind them all.
    std::int64_t count, more, tail;
  };

  void stage(std::int64_t plane) {
    const StripStage<Simd, kStride> stage(args_, plane);
    // Behind a pixel of padding, values are stored at multiples of a vector.
    std::uint8_t* to = args_.staged + (-kSlots * args_.in_channels & 63);
    for (const DepthwiseUnit* unit = args_.units; unit < args_.units + args_.count; ++unit) {
      if (unit->rows == 0) continue;
      Unit& made = units_[count_++];
      made.values = to;
      for (int g = 0; g < kStride; ++g, to += call_.row_bytes)
        stage.group(unit->lines + g * kStride, (unit->width - 1) * kStride + 3, to);
      const std::int64_t bytes = unit->width * args_.out_channels, strips = bytes / kStripBytes;
      made.out[0] = unit->out[0].data;
      made.out[1] = unit->out[unit->rows - 1].data;
      made.count = strips / args_.strips;
      made.more = strips % args_.strips;
      made.tail = bytes % kStripBytes;
      if (made.tail > 0) tail_ = made.tail;
    }
  }
  template <bool kTail>
  void run_strip(std::int64_t strip, std::int64_t bytes) {
    StripLeg legs[kMaxStripUnits + 1];
    StripLeg* end = legs;
    for (const Unit* unit = units_; unit < units_ + count_; ++unit) {
      const std::int64_t count = unit->count + (strip < unit->more);
      const std::int64_t first = kTail ? count : 0;
      end->count = kTail ? unit->tail > 0 && strip == unit->more : count;
      end->values = unit->values + strip * kSlots * kStripBytes + first * call_.values_step;
      for (int r = 0; r < 2; ++r)
        end->out[r] = unit->out[r] + strip * kStripBytes + first * call_.out_step;
      end += end->count > 0;
    }
    if (end == legs) return;
    *end = {};
    StripSteps<Simd, kStride>::run(
        call_, args_.weights + strip * kWeights, args_.epilogue->bias + strip * kStripBytes,
        args_.epilogue->scale + strip * kStripBytes, Simd::first_bytes(bytes), legs, end);
  }

  const DepthwiseArgs& args_;
  StripCall<Simd> call_;
  Unit units_[kMaxStripUnits];
  int count_ = 0;
  std::int64_t tail_ = 0;  ///< Of the units that have one, all the same.
};

template <class Simd>
void depthwise_strips(const DepthwiseArgs& args) {
  if (args.column_stride == 1) {
    StripRuns<Simd, 1>(args).run();
  } else {
    StripRuns<Simd, 2>(args).run();
  }
}
