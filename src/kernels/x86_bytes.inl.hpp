// The operands of a dot product that takes bytes as they are (vpdpbusd): u8 rows, s8 panels.
// Included inside an ISA's anonymous namespace.

template <class Vector>
struct ByteOperands : Vector {
  using Lhs = typename Vector::I32;  // u8
  using Rhs = typename Vector::I32;  // s8
  static constexpr int kSlots = 4;

  static OCTET_INLINE Rhs load_rhs(const std::int8_t* panel) { return Vector::load(panel); }
  static OCTET_INLINE Rhs ones() { return Vector::fill(0x01010101); }
  static OCTET_INLINE void pin_lhs(Lhs& a) { OCTET_PIN(a); }

  template <bool kFlip>
  static OCTET_INLINE Lhs flipped(Lhs bytes) {
    return kFlip ? Vector::exclusive_or(bytes, Vector::fill(0x80808080u)) : bytes;
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs set4(std::uint32_t group) {
    return flipped<kFlip>(Vector::fill(group));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast4(const std::uint8_t* row) {
    return set4<kFlip>(load_group(row));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs set8(std::uint64_t groups) {
    return flipped<kFlip>(Vector::fill_8(groups));
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs broadcast_end(const std::uint8_t* row, std::int64_t bits) {
    return Vector::shift_right(broadcast4<kFlip>(row), bits);
  }
  template <bool kFlip>
  static OCTET_INLINE Lhs load_lhs(const std::uint8_t* row) {
    return flipped<kFlip>(Vector::load(row));
  }
  static OCTET_INLINE Rhs load_slots(const std::int8_t* weights) { return Vector::load(weights); }
  static OCTET_INLINE void interleave(const Lhs (&lines)[4], Lhs (&values)[4]) {
    Vector::interleave4(lines, values);
  }

  /// Grouped: four bytes of a lane are what the dot product takes.
  using Quads = Lhs;
  static constexpr int kQuadPiece = 4;
  template <bool kFlip, int kStreams, class Mask>
  static OCTET_INLINE Quads load_quads(const std::uint8_t* const (&in)[kStreams],
                                       const Mask& mask) {
    const Lhs bytes = Vector::load_quad_bytes(in, mask);
    return kFlip ? Vector::flip_top_bits(bytes) : bytes;
  }
  static OCTET_INLINE Quads load_quad_weights(const std::int8_t* panel) { return load_rhs(panel); }
  static OCTET_INLINE void pin_quads(Quads& v) { OCTET_PIN(v); }
};
