// The epilogue that adds another tensor, for sums that lie in memory. Included inside an ISA's
// anonymous namespace.

/// Up to four vectors of columns, `count` columns in all, of every row. kWhole: they are four.
template <class Simd, bool kWhole>
OCTET_INLINE void add_residual_to_columns(const ResidualArgs& args, std::int64_t first,
                                          std::int64_t count) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  const ResidualTerms terms = *args.terms;  // a copy, which stores to the output cannot change
  const std::int64_t column = args.column + first;
  const bool is_float = terms.epilogue.type == DataType::kF32;
  const auto lanes_of = [&](int v) OCTET_INLINE_LAMBDA {
    const std::int64_t left = count - v * kLanes;
    return kWhole || left > kLanes ? std::int64_t{kLanes} : left;
  };
  F32 scale[4];
  unroll<4>([&](auto v) OCTET_INLINE_LAMBDA {
    scale[v] = F32(0);
    if (lanes_of(v) > 0)
      scale[v] = load_floats<Simd>(terms.scale, column + v * kLanes, lanes_of(v), terms.scale_step);
  });
  for (std::int64_t row = 0; row < args.rows; ++row) {
    const std::int32_t* sums = args.sums + row * args.sums_stride + first;
    const std::uint8_t* residual = args.residual[row] + column;
    typename Simd::I32 results[4];
    unroll<4>([&](auto v) OCTET_INLINE_LAMBDA {
      const std::int64_t lanes = lanes_of(v);
      results[v] = Simd::fill(0);
      if (lanes <= 0) return;
      const std::uint8_t* bytes = residual + v * kLanes;
      const I32 other(lanes == kLanes ? Simd::load_channels(bytes)
                                      : Simd::load_channels(bytes, lanes));
      const F32 sum = xsimd::to_float(I32(Simd::load(sums + v * kLanes))) * scale[v];
      const F32 real = with_residual<Simd>(sum, other, terms.epilogue.residual);
      results[v] =
          is_float ? Simd::bits(Simd::clamp(real, F32(terms.epilogue.min), F32(terms.epilogue.max)))
                   : typename Simd::I32(xsimd::nearbyint_as_int(xsimd::min(real, F32(kIntLimit))));
    });
    if (is_float) {
      auto* out = static_cast<float*>(args.out[row]) + column;
      unroll<4>([&](auto v) OCTET_INLINE_LAMBDA {
        if (lanes_of(v) > 0) Simd::store_partial(out + v * kLanes, results[v], lanes_of(v));
      });
    } else {
      auto* out = static_cast<std::uint8_t*>(args.out[row]) + column;
      const auto bytes = Simd::narrow(results, terms.epilogue.bytes);
      if constexpr (kWhole) {
        Simd::store(out, bytes);
      } else {
        Simd::store_stream(out, bytes, 0, count);
      }
    }
  }
}

template <class Simd>
void add_residual(const ResidualArgs& args) {
  constexpr std::int64_t kWhole = 4 * Simd::kLanes;
  std::int64_t first = 0;
  for (; first + kWhole <= args.columns; first += kWhole)
    add_residual_to_columns<Simd, true>(args, first, kWhole);
  if (first < args.columns) add_residual_to_columns<Simd, false>(args, first, args.columns - first);
}
