// Bytes through a table of 256. Included inside an ISA's anonymous namespace.

/// Rows that follow each other without a gap are one: a partial vector that is loaded right behind
/// one that was stored would wait for it.
template <class Simd>
void look_up(const LookUpArgs& args) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  const typename Simd::Table table(args.table);
  const auto flip = Simd::fill(args.flip * 0x01010101u);
  for (std::int64_t row = 0; row < args.count;) {
    auto* bytes = static_cast<std::uint8_t*>(args.rows[row]) + args.column;
    const std::uint8_t* end = bytes + args.columns;
    while (++row < args.count &&
           static_cast<const std::uint8_t*>(args.rows[row]) + args.column == end)
      end += args.columns;
    for (; end - bytes >= kBytes; bytes += kBytes)
      Simd::store(bytes, table.at(Simd::exclusive_or(Simd::load(bytes), flip)));
    if (const std::int64_t rest = end - bytes; rest > 0) {
      const auto last = Simd::load_first_bytes(bytes, Simd::first_bytes(rest));
      Simd::store_stream(bytes, table.at(Simd::exclusive_or(last, flip)), 0, rest);
    }
  }
}
