// The definition of every result: plain loops, no vectors, any CPU. Every other ISA equals it byte
// for byte.
#include <cstdint>

#include "kernels/kernel.hpp"

namespace octet::scalar {
namespace {

constexpr int kLanes = 8;
constexpr int kRows = 4;

/// Rounds to the nearest integer, ties to even, for |t| < 2^22: adding 1.5 * 2^23 leaves float32 no
/// bits below the point, so that the addition itself rounds.
std::int32_t round_half_even(float t) {
  constexpr float kShift = 12582912.0f;
  return static_cast<std::int32_t>((t + kShift) - kShift);
}

float clamp(float t, float low, float high) {
  t = t > low ? t : low;
  return t < high ? t : high;
}

// int32 arithmetic that wraps, as vectors do: intermediate values may, final sums never do.
std::int32_t wrap(std::uint32_t value) { return static_cast<std::int32_t>(value); }
std::uint32_t bits(std::int32_t value) { return static_cast<std::uint32_t>(value); }

/// out = the result of a real value, `type` and the rest as in EpilogueTerms.
void store_real(float t, DataType type, float min, float max, std::int32_t zero_point, void* out) {
  if (type == DataType::kF32) {
    *static_cast<float*>(out) = clamp(t, min, max);
  } else {
    // The bounds are whole numbers: clamping before rounding gives the same.
    const float offset = static_cast<float>(zero_point);
    const std::int32_t q = round_half_even(clamp(t, min - offset, max - offset)) + zero_point;
    *static_cast<std::uint8_t*>(out) = static_cast<std::uint8_t>(q);
  }
}

/// What a residual adds to a real result.
float term_of(const ResidualScale& residual, std::uint8_t byte) {
  constexpr std::int32_t kBase = 1 << 23;
  const std::int32_t flipped = byte ^ static_cast<std::uint8_t>(residual.bits);
  return residual.scale *
         static_cast<float>(flipped - (static_cast<std::int32_t>(residual.zero) - kBase));
}

/// The result of one sum that no residual is added to.
void store_result(std::int32_t sum, float scale, DataType type, float min, float max,
                  std::int32_t zero_point, void* out) {
  if (type == DataType::kS32) {
    *static_cast<std::int32_t*>(out) = sum;
  } else {
    store_real(static_cast<float>(sum) * scale, type, min, max, zero_point, out);
  }
}

std::uint32_t row_times_column(const TileArgs& args, std::int64_t row, std::int64_t column,
                               std::uint8_t flip) {
  constexpr std::int64_t kGroupBytes = kLanes * kKr;
  const std::int8_t* panel = args.panel + column * kKr;
  std::uint32_t sum = 0;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    const std::uint8_t* bytes = args.rows[tap * args.tap_stride + row] + args.row_offset;
    for (std::int64_t k = 0; k < args.k; ++k) {
      const std::int32_t lhs = static_cast<std::uint8_t>(bytes[k] ^ flip);
      sum += bits(lhs * panel[k / kKr * kGroupBytes + k % kKr]);
    }
    panel += (args.k + kKr - 1) / kKr * kGroupBytes;
    if (args.gaps != nullptr) panel += args.gaps[tap];
  }
  return sum;
}

void tile(const TileArgs& args, std::int64_t rows, std::uint8_t flip) {
  const FinishJob& job = *args.finish_job;
  const EpilogueTerms& terms = *job.epilogue;
  const std::int64_t element = size_of(terms.type);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t n = 0; n < job.columns; ++n) {
      const std::int64_t term = job.term + n;
      std::uint32_t sum = row_times_column(args, i, n, flip);
      if (terms.rhs_zero_point != nullptr)
        sum -= bits(terms.rhs_zero_point[term]) * bits(job.row_sums[i]);
      sum += bits(terms.bias[term]);
      auto* out = static_cast<std::uint8_t*>(job.out[i]) + (job.column + n) * element;
      if (terms.residual.is_used()) {
        const float t = static_cast<float>(wrap(sum)) * terms.scale[term] +
                        term_of(terms.residual, job.residual[i][job.column + n]);
        store_real(t, terms.type, terms.min, terms.max, terms.zero_point, out);
        continue;
      }
      const float scale = terms.type == DataType::kS32 ? 1.0f : terms.scale[term];
      store_result(wrap(sum), scale, terms.type, terms.min, terms.max, terms.zero_point, out);
    }
  }
}
template <int kMr, bool kFlip>
void gemm_tile(const TileArgs& args) {
  tile(args, args.tiles * kMr, kFlip ? 0x80 : 0);
}

constexpr int kSlots = 4;

/// Sum of the products of one output channel, `channel` of the panel, over one row's taps.
std::uint32_t depthwise_sum(const DepthwiseArgs& args, const DepthwiseUnit& unit, std::int64_t row,
                            std::int64_t column, std::int64_t channel) {
  const DepthwiseLane lane(channel);
  const std::int8_t* weight =
      args.weights + row * args.row_weights + (lane.vector * kLanes + lane.lane) * kSlots;
  const std::int64_t from = args.in_channel + (args.first_of_channel + channel) / args.multiplier;
  std::uint32_t sum = 0;
  for (std::int64_t pass = 0; pass < args.passes; ++pass) {
    for (std::int64_t tap = 0; tap < args.taps; ++tap) {
      const std::int64_t at = column * args.column_stride + tap * args.tap_step;
      for (std::int64_t i = 0; i < args.groups * kSlots; ++i) {
        const DepthwiseLine& line = unit.lines[i];
        const bool inside = at >= line.begin && at < line.end;
        const std::uint8_t* pixel = inside ? line.data : args.pad;
        if (inside && line.moves) pixel += (at - line.begin) * args.step;
        sum += bits(static_cast<std::uint8_t>(pixel[from] ^ args.flip) * weight[i % kSlots]);
        if (i % kSlots == kSlots - 1) weight += 4 * kLanes * kSlots;
      }
    }
  }
  return sum;
}

void depthwise_unit(const DepthwiseArgs& args, const DepthwiseUnit& unit) {
  const EpilogueTerms& terms = *args.epilogue;
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    const DepthwiseOut& out = unit.out[row];
    for (std::int64_t x = 0; x < out.width; ++x) {
      for (std::int64_t c = 0; c < args.out_channels; ++c) {
        const DepthwiseLane lane(c);
        const std::int64_t term = args.term + lane.vector * kLanes + lane.lane;
        const std::uint32_t sum = depthwise_sum(args, unit, row, x, c) + bits(terms.bias[term]);
        store_result(wrap(sum), terms.scale[term], terms.type, terms.min, terms.max,
                     terms.zero_point,
                     out.data + x * args.out_step + (args.out_channel + c) * size_of(terms.type));
      }
    }
  }
}

void depthwise(const DepthwiseArgs& args) {
  for (std::int64_t i = 0; i < args.count; ++i) depthwise_unit(args, args.units[i]);
}

template <bool kFlip>
void row_sums(const RowSumArgs& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    std::uint32_t sum = 0;
    for (std::int64_t tap = 0; tap < args.taps; ++tap) {
      const std::uint8_t* row = args.rows[tap * args.tap_stride + i] + args.row_offset;
      for (std::int64_t k = 0; k < args.k; ++k)
        sum += static_cast<std::uint8_t>(row[k] ^ (kFlip ? 0x80 : 0));
    }
    args.sums[i] = wrap(sum);
  }
}

void pack_step(const PackArgs& args, std::int64_t tap, std::int64_t first_k) {
  const std::int64_t width = static_cast<std::int64_t>(args.vectors) * kLanes;
  const std::int64_t groups_of_tap = (args.k + kKr - 1) / kKr;
  std::int8_t* out = args.panel + (tap * groups_of_tap + first_k / kKr) * width * kKr;
  for (std::int64_t group = first_k; group < first_k + kPackStep && group < args.k; group += kKr) {
    for (std::int64_t n = 0; n < width; ++n) {
      for (std::int64_t k = group; k < group + kKr; ++k) {
        std::uint8_t byte = 0;
        if (k < args.k && n < args.columns) {
          byte = args.source[tap * args.tap_stride + k * args.k_stride + n * args.n_stride];
          byte ^= args.flip;
        }
        *out = static_cast<std::int8_t>(byte);
        if (args.column_sums != nullptr)
          args.column_sums[n] = wrap(bits(args.column_sums[n]) + bits(*out));
        ++out;
      }
    }
  }
}

void pack(const PackArgs& args) {
  for (std::int64_t n = 0; n < args.vectors * kLanes && args.column_sums != nullptr; ++n)
    args.column_sums[n] = 0;
  for (std::int64_t tap = 0; tap < args.taps; ++tap) {
    for (std::int64_t k = 0; k < args.k; k += kPackStep) pack_step(args, tap, k);
  }
}

void pack_together(const PackJob& job) {
  for (int i = 0; i < job.count; ++i) pack(job.panels[i]);
}

void quantize(const ConvertArgs& args) {
  const bool is_signed = args.out_type == DataType::kS8;
  const float low = is_signed ? -128.0f : 0.0f, high = is_signed ? 127.0f : 255.0f;
  for (std::int64_t i = 0; i < args.count; ++i) {
    const std::int32_t zero_point =
        args.zero_point == nullptr ? 0 : args.zero_point[i * args.zero_point_step];
    const float offset = static_cast<float>(zero_point);
    const float real = static_cast<const float*>(args.in)[i] / args.scale[i * args.scale_step];
    const std::int32_t q = round_half_even(clamp(real, low - offset, high - offset)) + zero_point;
    static_cast<std::uint8_t*>(args.out)[i] = static_cast<std::uint8_t>(q);
  }
}

std::int32_t element(const void* in, DataType type, std::int64_t i) {
  if (type == DataType::kS8) return static_cast<const std::int8_t*>(in)[i];
  if (type == DataType::kU8) return static_cast<const std::uint8_t*>(in)[i];
  return static_cast<const std::int32_t*>(in)[i];
}

void dequantize(const ConvertArgs& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    std::int32_t q = element(args.in, args.in_type, i);
    if (args.zero_point != nullptr)
      q = wrap(bits(q) - bits(args.zero_point[i * args.zero_point_step]));
    static_cast<float*>(args.out)[i] = static_cast<float>(q) * args.scale[i * args.scale_step];
  }
}

void requantize(const RequantizeArgs& args) {
  const std::int64_t size = size_of(args.type);
  for (std::int64_t i = 0; i < args.count; ++i) {
    const std::uint32_t bias = args.bias == nullptr ? 0 : bits(args.bias[i]);
    store_result(wrap(bits(args.in[i]) + bias), args.scale[i * args.scale_step], args.type,
                 args.min, args.max, args.zero_point,
                 static_cast<std::uint8_t*>(args.out) + i * size);
  }
}

void add_residual(const ResidualArgs& args) {
  const ResidualTerms& terms = *args.terms;
  const EpilogueTerms& epilogue = terms.epilogue;
  for (std::int64_t row = 0; row < args.rows; ++row) {
    const std::uint8_t* residual = args.residual[row] + args.column;
    auto* out = static_cast<std::uint8_t*>(args.out[row]) + args.column * size_of(epilogue.type);
    for (std::int64_t n = 0; n < args.columns; ++n) {
      const float sum = static_cast<float>(args.sums[row * args.sums_stride + n]);
      const float t = sum * terms.scale[(args.column + n) * terms.scale_step] +
                      term_of(epilogue.residual, residual[n]);
      store_real(t, epilogue.type, epilogue.min, epilogue.max, epilogue.zero_point,
                 out + n * size_of(epilogue.type));
    }
  }
}

void look_up(const LookUpArgs& args) {
  for (std::int64_t row = 0; row < args.count; ++row) {
    auto* bytes = static_cast<std::uint8_t*>(args.rows[row]) + args.column;
    for (std::int64_t n = 0; n < args.columns; ++n) bytes[n] = args.table[bytes[n] ^ args.flip];
  }
}

/// Calls `step(byte)` for the pixels of one channel of a window.
template <class Step>
void for_each_pixel(const PoolArgs& args, std::int64_t window, std::int64_t channel, Step step) {
  const std::uint8_t* in = args.in + window * args.in_step + channel;
  for (std::int64_t row = 0; row < args.rows; ++row) {
    for (std::int64_t column = 0; column < args.columns; ++column)
      step(static_cast<std::uint8_t>(in[row * args.row_stride + column * args.pixel_stride] ^
                                     args.flip));
  }
}

void max_pool(const PoolArgs& args) {
  for (std::int64_t window = 0; window < args.windows; ++window) {
    for (std::int64_t channel = 0; channel < args.channels; ++channel) {
      std::uint8_t most = 0;
      for_each_pixel(args, window, channel,
                     [&](std::uint8_t byte) { most = byte > most ? byte : most; });
      args.out[window * args.out_step + channel] = static_cast<std::uint8_t>(most ^ args.flip);
    }
  }
}

void average_pool(const PoolArgs& args) {
  const EpilogueTerms& terms = *args.epilogue;
  for (std::int64_t window = 0; window < args.windows; ++window) {
    for (std::int64_t channel = 0; channel < args.channels; ++channel) {
      std::uint32_t sum = bits(args.bias);
      for_each_pixel(args, window, channel, [&](std::uint8_t byte) { sum += byte; });
      store_result(wrap(sum), args.scale, terms.type, terms.min, terms.max, terms.zero_point,
                   args.out + window * args.out_step + channel);
    }
  }
}

/// The peak of plain loops: one multiply-accumulate at a time.
std::int64_t dot_peak(std::int64_t iterations) {
  std::int32_t sums[4] = {};
  std::int32_t factor = 3;
  for (std::int64_t i = 0; i < iterations; ++i) {
    asm("" : "+r"(factor));
    for (std::int32_t& sum : sums) {
      sum = wrap(bits(sum) + bits(factor) * bits(factor));
      asm("" : "+r"(sum));
    }
  }
  return iterations * 4 * 2;
}

void point_to_rows(const RowPointerArgs& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    args.pointers[i] = args.first + static_cast<std::uint64_t>(i * args.stride);
}

constexpr KernelTable make_table(const KernelTable& self) {
  KernelTable table = {};
  table.name = "scalar";
  table.lanes = kLanes;
  table.lhs_bytes = 1;
  table.max_vectors = 1;
  table.narrow_span = kKr;
  table.max_rows[0] = table.tile_rows[0] = kRows;
  table.tile[0][0][0] = gemm_tile<1, false>;
  table.tile[0][0][1] = gemm_tile<2, false>;
  table.tile[0][0][2] = gemm_tile<3, false>;
  table.tile[0][0][3] = gemm_tile<4, false>;
  table.tile[1][0][0] = gemm_tile<1, true>;
  table.tile[1][0][1] = gemm_tile<2, true>;
  table.tile[1][0][2] = gemm_tile<3, true>;
  table.tile[1][0][3] = gemm_tile<4, true>;
  table.depthwise_slots = kSlots;
  table.depthwise_streams = 1;
  table.depthwise = depthwise;
  table.row_sums[0] = row_sums<false>;
  table.row_sums[1] = row_sums<true>;
  table.point_to_rows = point_to_rows;
  table.pack = pack;
  table.pack_together = pack_together;
  table.own_elements = {quantize, dequantize, requantize,   add_residual,
                        look_up,  max_pool,   average_pool, nullptr};
  table.elements = &self.own_elements;
  table.dot_peak = dot_peak;
  return table;
}

}  // namespace

extern const KernelTable kTable;
constexpr KernelTable kTable = make_table(kTable);

}  // namespace octet::scalar
