// Tiles of two halves, whose sums all stay in registers: the epilogue of one half stands among the
// dot products of the other, a few rows at a time. The CPU looks about a hundred vector operations
// ahead: behind a whole epilogue at the end of a tile, the next products would wait, however
// independent they are. Included inside an ISA's anonymous namespace. `Simd` gives, if its
// registers hold the sums of both halves and what else the dot products need,
//   kHalves   true

/// Whether tiles of kMr rows of kNv vectors are in two halves, where a panel's tallest have
/// kMaxRows: where the lower half alone keeps the dot units busy. Low tiles gain nothing. Those of
/// twins have even heights, or the code would be too large.
template <class Simd, int kMaxRows, int kMr, int kNv>
constexpr bool kInHalves = false;
template <HalvesTiles Simd, int kMaxRows, int kMr, int kNv>
constexpr bool kInHalves<Simd, kMaxRows, kMr, kNv> =
    kMr / 2 * kNv >= Simd::kMinSums && 2 * kMr > kMaxRows + 2;

/// acc += bytes [from, to) of all rows x panel, which moves on.
template <class Simd, bool kFlip, int kMr, int kNv>
OCTET_INLINE void add_stretch(typename Simd::I32 (&acc)[kMr][kNv],
                              const std::uint8_t* const (&rows)[kMr], std::int64_t from,
                              std::int64_t to, const std::int8_t*& panel) {
  while (from != to) {
    add_span<Simd>(acc, panel, [&](int i) OCTET_INLINE_LAMBDA {
      return load_span<Simd, kFlip>(rows[i] + from);
    });
    panel += kNv * 4 * Simd::kLanes;
    asm("" : "+r"(panel));  // or it would be derived from the loop's index
    from += kSpan<Simd>;
    OCTET_PIN_STEP(from);  // or Clang 19 would advance all rows
  }
  pin<Simd>(acc);
}

/// What both halves of all tiles of a call need; `k_of_span` as kSpan, with panels of as many bytes
/// for it, and the steps of a half's epilogue.
struct HalvesCall {
  // Not an aggregate, which GCC 12 would clear first, by 40 cycles of `rep stos`.
  OCTET_INLINE HalvesCall(const TileArgs& call, int k_of_span, int panel_bytes, int steps)
      : own(call),
        tail(own.args.k % k_of_span),
        spans((own.args.k - tail) * (panel_bytes / k_of_span)),
        interval(own.args.k / k_of_span / (steps + 1) * k_of_span) {}
  OwnEpilogue own;
  std::int64_t tail;      ///< Values of k behind the whole spans,
  std::int64_t spans;     ///< and what those take of the panel, in bytes.
  std::int64_t interval;  ///< Values of k between two steps of the epilogue.
};

/// acc = bias + rows [first, first + kMr) x panel. Meanwhile finish(step) takes steps 0 to
/// kSteps - 1 of the other half's epilogue. The tail comes first: sums that a branch may change
/// behind the loop, GCC 12 moves.
template <class Simd, bool kFlip, int kSteps, int kMr, int kNv, class Finish>
OCTET_INLINE void run_half(typename Simd::I32 (&acc)[kMr][kNv], HalvesCall& call,
                           std::int64_t first, Finish finish) {
  const TileArgs& args = call.own.args;
  const std::uint8_t* rows[kMr];
  unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
    rows[i] = args.rows[first + i];
    OCTET_PIN_POINTER(rows[i]);
  });
  begin_as_bias<Simd>(acc, call.own.terms.bias + call.own.job.term);
  pin<Simd>(acc);
  std::int64_t k = args.row_offset;
  const std::int64_t end = k + args.k - call.tail;
  if (call.tail != 0) {
    const std::int8_t* behind = args.panel + call.spans;
    add_tail<Simd, kFlip>(acc, behind, call.tail, true,
                          [&](int i) OCTET_INLINE_LAMBDA { return rows[i] + end + call.tail; });
    pin<Simd>(acc);
  }
  const std::int8_t* panel = args.panel;
  unroll<kSteps>([&](auto step) OCTET_INLINE_LAMBDA {
    add_stretch<Simd, kFlip>(acc, rows, k, k + call.interval, panel);
    k += call.interval;
    finish(step);
  });
  add_stretch<Simd, kFlip>(acc, rows, k, end, panel);
}

template <class Simd, int kMr, int kNv, bool kFlip>
void halves_tile(const TileArgs& args) {
  constexpr int kLower = kMr / 2, kUpper = kMr - kLower;
  constexpr int kUpperSteps = kFinishSteps<kUpper, kSumVectors<Simd, kNv>>;
  constexpr int kLowerSteps = kFinishSteps<kLower, kSumVectors<Simd, kNv>>;
  HalvesCall call(args, kSpan<Simd>, kNv * 4 * Simd::kLanes, kUpperSteps);
  const std::int64_t rows = args.tiles * kMr;
  typename Simd::I32 upper[kUpper][kNv], lower[kLower][kNv] = {};
  const auto finish = [&](auto step, const auto& sums, std::int64_t first) OCTET_INLINE_LAMBDA {
    // The constants come from memory each time: the sums leave no registers for them.
    asm("" : "+m"(call.own.terms.bytes));
    finish_rows_of_tile<Simd, step>(sums, call.own.job, call.own.terms, first);
  };
  run_half<Simd, kFlip, 0>(upper, call, 0, [](auto) OCTET_INLINE_LAMBDA {});
  for (std::int64_t first = 0;;) {
    run_half<Simd, kFlip, kUpperSteps>(lower, call, first + kUpper,
                                       [&](auto step)
                                           OCTET_INLINE_LAMBDA { finish(step, upper, first); });
    first += kMr;
    if (first == rows) break;
    run_half<Simd, kFlip, kLowerSteps>(upper, call, first, [&](auto step) OCTET_INLINE_LAMBDA {
      finish(step, lower, first - kLower);
    });
  }
  unroll<kLowerSteps>([&](auto step) OCTET_INLINE_LAMBDA { finish(step, lower, rows - kLower); });
}
