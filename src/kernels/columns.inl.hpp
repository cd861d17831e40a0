// Columns of pixels: lines of bytes, some of each in turn. Included inside an ISA's anonymous
// namespace. An ISA may have it: `Simd` then gives
//   place_bytes    of kColumnBytes bytes those groups of four that `groups` names, lane by lane;
//                  of each 16 bytes of these, those that `order` names, or zeros
//   either         the bits of two vectors
// Which bytes these are was worked out before: see ColumnArgs.

template <class Simd>
concept PlacesBytes = requires { &Simd::place_bytes; };

/// kLines: how many lines there are; 0 for any number.
template <class Simd, int kLines>
void make_columns_of(const ColumnArgs& args) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  const std::int64_t lines = kLines > 0 ? kLines : args.line_count;
  const std::int64_t period = args.period;
  const std::int64_t* offsets = args.offsets;
  std::uint8_t* out = args.out;
  std::int64_t from = 0;
  for (std::int64_t left = args.vectors; left > 0; left -= period, from += args.period_bytes) {
    const std::uint8_t* order = args.order;
    for (std::int64_t v = 0; v < period && v < left; ++v, order += kBytes, out += kBytes) {
      const std::int64_t at = from + offsets[v];
      const typename Simd::I32 groups = Simd::load(order);
      order += kBytes;
      typename Simd::I32 all = Simd::place_bytes(args.lines[0] + at, groups, Simd::load(order));
      for (std::int64_t line = 1; line < lines; ++line) {
        order += kBytes;
        all =
            Simd::either(all, Simd::place_bytes(args.lines[line] + at, groups, Simd::load(order)));
      }
      Simd::store(out, all);
    }
  }
}

template <class Simd>
void make_columns(const ColumnArgs& args) {
  if (args.line_count == 3) return make_columns_of<Simd, 3>(args);
  make_columns_of<Simd, 0>(args);
}
