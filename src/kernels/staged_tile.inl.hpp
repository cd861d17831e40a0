// The tile kernels of ISAs whose rows are staged as int16: the loop of tile.inl.hpp, with the ends
// of k and the flips gone into the staging. Included by table.inl.hpp, after tile.inl.hpp. `Simd`
// gives, beside what is named there,
//   kLhsBytes          bytes of a staged value: a 32-bit lane holds so many fewer of them
//   broadcast_staged   Lhs from 4 staged bytes of a row, for all lanes
//   stage_vector, _8   stage 2 * kLanes values, or eight
// and load_rhs widens a panel's bytes; store and load serve a panel that is wide already.

/// The panel as a tile finds it.
enum class PanelForm : std::uint8_t {
  kBytes,     ///< Widened where it is used.
  kWidening,  ///< The same, and written to args.wide_panel.
  kWide,      ///< Read from args.wide_panel.
};

/// A panel vector; `wide` is null where it is not used.
template <class Simd, PanelForm kForm>
OCTET_INLINE typename Simd::Rhs load_panel(const std::int8_t* panel, std::int16_t* wide,
                                           std::int64_t offset) {
  if constexpr (kForm == PanelForm::kWide) return Simd::load(wide + offset);
  const typename Simd::Rhs b = Simd::load_rhs(panel + offset);
  if constexpr (kForm == PanelForm::kWidening) Simd::store(wide + offset, b);
  return b;
}

/// acc += rows [first, first + kMr) x panel.
template <class Simd, PanelForm kForm, int kSets, int kMr, int kNv>
OCTET_INLINE void add_staged_products(typename Simd::I32 (&acc)[kSets][kMr][kNv],
                                      const TileArgs& args, std::int64_t first) {
  constexpr std::int64_t kValues = kValuesPerLane<Simd> * Simd::kLanes;  // in a panel vector
  constexpr std::int64_t kRowStep = kValuesPerLane<Simd> * Simd::kLhsBytes;
  constexpr std::int64_t kAhead = 4096;
  const std::int8_t* panel = args.panel;
  std::int16_t* wide = args.wide_panel;
  const std::int64_t bytes = (args.k + kKr - 1) / kKr * kKr * Simd::kLhsBytes;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* rows[kMr];
    OCTET_UNROLL for (int i = 0; i < kMr; ++i) {
      rows[i] = args.rows[tap * args.tap_stride + first + i] + args.row_offset + bytes;
      OCTET_PIN_POINTER(rows[i]);
    }
    for (std::int64_t k = -bytes; k != 0; k += kSets * kRowStep) {
      unroll<kSets>([&](auto s) OCTET_INLINE_LAMBDA {
        typename Simd::Rhs b[kNv];
        unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA {
          b[j] = load_panel<Simd, kForm>(panel, wide, (s * kNv + j) * kValues);
        });
        unroll<kMr>([&](auto i) OCTET_INLINE_LAMBDA {
          const typename Simd::Lhs a = Simd::broadcast_staged(rows[i] + k + s * kRowStep);
          unroll<kNv>([&](auto j) OCTET_INLINE_LAMBDA { Simd::dot(acc[s][i][j], a, b[j]); });
        });
      });
      if constexpr (kForm != PanelForm::kWide && kMr > 2) {
        // The weights may come from far; a few rows leave no time to ask for them.
        for (std::int64_t line = 0; line < kSets * kNv * kValues; line += 64)
          prefetch(reinterpret_cast<const std::uint8_t*>(panel), kAhead + line);
      }
      if constexpr (kForm != PanelForm::kWide) panel += kSets * kNv * kValues;
      OCTET_PIN_STEP(panel);
      if constexpr (kForm != PanelForm::kBytes) wide += kSets * kNv * kValues;
    }
    if (kForm != PanelForm::kWide && args.gaps != nullptr) panel += args.gaps[tap];
  }
}

template <class Simd, int kMr, int kNv, PanelForm kForm>
void staged_tile(const TileArgs& args) {
  constexpr int kSets = kMr * kNv >= Simd::kMinSums ? 1 : 2;
  run_tiles<Simd, kSets, kMr, kNv>(
      args, [](auto& acc, const TileArgs& own, std::int64_t first)
                OCTET_INLINE_LAMBDA { add_staged_products<Simd, kForm>(acc, own, first); });
}

template <class Simd>
void staged_row_sums(const RowSumArgs& args) {
  constexpr std::int64_t kValues = kValuesPerLane<Simd> * Simd::kLanes;
  for (std::int64_t i = 0; i < args.count; ++i) {
    typename Simd::I32 acc = {};
    std::uint32_t sum = 0;  // like the lanes, wraps: only the final result must fit int32
    for (std::int64_t tap = 0; tap < args.taps; ++tap) {
      const std::uint8_t* row = args.rows[tap * args.tap_stride + i] + args.row_offset;
      const std::int64_t tail = args.k % kValues;
      row += (args.k - tail) * Simd::kLhsBytes;
      for (std::int64_t k = (tail - args.k) * Simd::kLhsBytes; k != 0;
           k += kValues * Simd::kLhsBytes)
        Simd::dot(acc, Simd::load(row + k), Simd::ones());
      for (std::int64_t k = 0; k < tail; ++k) {
        std::int16_t value;
        __builtin_memcpy(&value, row + k * Simd::kLhsBytes, sizeof value);
        sum += static_cast<std::uint32_t>(value);
      }
    }
    args.sums[i] = static_cast<std::int32_t>(sum + sum_of_lanes<Simd>(acc));
  }
}

/// The k-group of a row from k on, or what there is of it and zeros, as int16.
OCTET_INLINE void stage_group(const std::uint8_t* in, std::int64_t k, std::int64_t count,
                              std::uint8_t flip, std::uint8_t* out) {
  std::uint64_t values = 0;
  for (std::int64_t i = 0; i < kKr && k + i < count; ++i)
    values |= std::uint64_t{static_cast<std::uint8_t>(in[k + i] ^ flip)} << (16 * i);
  __builtin_memcpy(out + k * 2, &values, sizeof values);
}

/// stage_at(k) for steps that cover [0, count); the last one ends where the values do. False if
/// there are not enough of them for one step.
template <class StageAt>
OCTET_INLINE bool cover(std::int64_t count, std::int64_t step, StageAt stage_at) {
  if (count < step) return false;
  for (std::int64_t k = 0; k + step <= count; k += step) stage_at(k);
  if (count % step != 0) stage_at(count - step);
  return true;
}

template <class Simd>
void stage(const StageArgs& args) {
  const std::int64_t count = args.count, last_group = (count - 1) / kKr * kKr;
  const std::uint8_t flip = args.flip;
  const std::uint8_t* in = args.in;
  std::uint8_t* out = args.out;
  for (std::int64_t row = 0; row < args.rows; ++row, in += args.in_stride, out += args.out_stride) {
    const auto vector = [&](std::int64_t k) OCTET_INLINE_LAMBDA {
      Simd::stage_vector(in + k, flip, out + k * Simd::kLhsBytes);
    };
    const auto eight = [&](std::int64_t k) OCTET_INLINE_LAMBDA {
      Simd::stage_8(in + k, flip, out + k * Simd::kLhsBytes);
    };
    if (cover(count, 2 * Simd::kLanes, vector) || cover(count, 8, eight)) {
      if (count % kKr != 0) stage_group(in, last_group, count, flip, out);
    } else {
      for (std::int64_t k = 0; k < count; k += kKr) stage_group(in, k, count, flip, out);
    }
  }
}
