// Bytes through a table of 256. Included inside an ISA's anonymous namespace.

/// The table of an ISA that looks up 16 bytes at a time (x86). Such a look-up gives 0 for an index
/// with the top bit set, and takes the low four bits of all others. So of 128 entries, the first 16
/// are looked up by the byte, the next 16 by the byte less 16, and so on, each table being the
/// difference to the one before: what is not negative yet has seen the differences up to its own.
template <class Simd>
struct ByteTable {
  using I32 = typename Simd::I32;
  explicit OCTET_INLINE ByteTable(const std::uint8_t* table) {
    unroll<16>([&](auto i) OCTET_INLINE_LAMBDA {
      parts[i] = Simd::load_16(table + 16 * i);
      if constexpr (i % 8 > 0)
        parts[i] = Simd::exclusive_or(parts[i], Simd::load_16(table + 16 * i - 16));
    });
  }
  OCTET_INLINE I32 half(int first, I32 index) const {
    I32 found = Simd::shuffle_16(parts[first], index);
    unroll<7>([&](auto i) OCTET_INLINE_LAMBDA {
      index = Simd::subtract_saturated(index, Simd::fill(0x10101010u));
      found = Simd::exclusive_or(found, Simd::shuffle_16(parts[first + i + 1], index));
    });
    return found;
  }
  OCTET_INLINE I32 at(I32 bytes) const {
    const I32 upper = Simd::exclusive_or(bytes, Simd::fill(0x80808080u));
    return Simd::exclusive_or(half(0, bytes), half(8, upper));
  }
  I32 parts[16];
};
template <class Simd>
  requires requires { typename Simd::Table; }
struct ByteTable<Simd> : Simd::Table {
  using Simd::Table::Table;
};

template <class Simd>
void look_up(const LookUpArgs& args) {
  constexpr std::int64_t kBytes = 4 * Simd::kLanes;
  const ByteTable<Simd> table(args.table);
  const auto flip = Simd::fill(args.flip * 0x01010101u);
  const std::int64_t rest = args.columns % kBytes;
  const auto first = Simd::first_bytes(rest > 0 ? rest : kBytes);
  for (std::int64_t row = 0; row < args.count; ++row) {
    auto* bytes = static_cast<std::uint8_t*>(args.rows[row]) + args.column;
    for (std::uint8_t* const end = bytes + args.columns - rest; bytes < end; bytes += kBytes)
      Simd::store(bytes, table.at(Simd::exclusive_or(Simd::load(bytes), flip)));
    if (rest > 0)
      Simd::store_stream(
          bytes, table.at(Simd::exclusive_or(Simd::load_first_bytes(bytes, first), flip)), 0, rest);
  }
}
