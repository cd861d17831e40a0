/// Part of the contract, see kernel.hpp: epilogue, packing, staging, and tiles of every kind.
#pragma once

#include <cstdint>

#include "octet/types.hpp"

namespace octet {

/// Consecutive values of k that one 32-bit lane of a dot product holds.
inline constexpr int kKr = 4;
/// Limits of the KernelTable.
inline constexpr int kMaxPanelVectors = 4;
inline constexpr int kMaxTileRows = 12;
/// How rows come to a tile: as they are (0), as they are, to be flipped (1), or in pairs.
inline constexpr int kRowForms = 3;
inline constexpr int kPairedRows = 2;
/// Fewest values of k that are enough for the epilogue of a half of a tile to stand among them; of
/// panels of one vector, whose tiles gain by their height alone, what they take at a time.
inline constexpr int kMinHalvesK = 24;
inline constexpr int kMinHalvesK1 = 8;
/// Sums of the largest tile, with rows to a multiple of 4.
inline constexpr int kMaxTileSums = 24 * 16;

/// What a rounded value may become as a byte: all that a saturating pack can give, or a part of it.
enum class ByteRange : std::uint8_t { kSigned, kUnsigned, kPart };

/// How a rounded 32-bit value becomes a byte: saturate to 16 bits, add the zero point, and saturate
/// to 8, signed or unsigned. In kPart, which is signed, the zero point includes the distance from
/// `max` to 127, so that saturation is the upper clamp; then come the lower one, and the way back,
/// modulo 256. Each value is repeated through the 32 bits.
struct ByteTerms {
  ByteTerms() = default;
  /// `min` and `max`: whole numbers in the range of `type`, u8 or s8.
  constexpr ByteTerms(DataType type, std::int32_t zero_point, float min, float max)
      : ByteTerms(type == DataType::kU8, zero_point, static_cast<std::int32_t>(min),
                  static_cast<std::int32_t>(max)) {}
  /// The same in the steps of kPart.
  constexpr ByteTerms as_part() const {
    ByteTerms part = *this;
    if (range != ByteRange::kPart) part.min = kTopBits;
    if (range == ByteRange::kUnsigned) {
      part.zero_point = static_cast<std::uint16_t>(zero_point - 128) * 0x00010001u;
      part.shift = kTopBits;
    }
    part.range = ByteRange::kPart;
    return part;
  }

  std::uint32_t zero_point = 0;      ///< int16, twice
  std::uint32_t min = 0, shift = 0;  ///< int8, four times; of kPart
  ByteRange range = ByteRange::kSigned;

 private:
  static constexpr std::uint32_t kTopBits = 0x80808080u;
  constexpr ByteTerms(bool is_unsigned, std::int32_t zero_point, std::int32_t min,
                      std::int32_t max) {
    this->zero_point = static_cast<std::uint16_t>(zero_point) * 0x00010001u;
    range = is_unsigned ? ByteRange::kUnsigned : ByteRange::kSigned;
    if (max - min == 255) return;
    range = ByteRange::kPart;
    this->zero_point = static_cast<std::uint16_t>(zero_point + 127 - max) * 0x00010001u;
    this->min = static_cast<std::uint8_t>(min + 127 - max) * 0x01010101u;
    this->shift = static_cast<std::uint8_t>(max - 127) * 0x01010101u;
  }
};

/// A tensor of bytes that is added to the results: byte b adds scale * (real - zero), where `real`
/// is the float whose bits are b ^ bits. Those are the bits of 2^23 and a flip, so that it is 2^23
/// plus the flipped byte; the difference is exact.
struct ResidualScale {
  ResidualScale() = default;
  constexpr ResidualScale(bool flips, float scale, std::int32_t zero_point)
      : scale(scale),
        bits(0x4B000000u | (flips ? 0x80u : 0u)),
        zero(static_cast<float>((1 << 23) + zero_point + (flips ? 128 : 0))) {}
  bool is_used() const { return bits != 0; }

  float scale = 0;
  std::uint32_t bits = 0;  ///< 0: there is none.
  float zero = 0;
};

/// How sums become outputs; made once per operator. The arrays hold one element per packed column,
/// padded to whole vectors.
struct EpilogueTerms {
  DataType type;                       ///< Of the output.
  const std::int32_t* bias;            ///< The caller's bias and all zero-point constants.
  const float* scale;                  ///< Not read for s32.
  const std::int32_t* rhs_zero_point;  ///< Multiplies the row sums; null if all are zero.
  float min, max;                      ///< Clamp of the result. 8 bit: inside the type's range.
  std::int32_t zero_point;             ///< 8 bit: of the output.
  ByteTerms bytes;                     ///< The last three again.
  /// None is above 0.5: no product leaves int32. False where a residual is added.
  bool small_scales;
  ResidualScale residual;  ///< Not of s32 outputs.
};

/// Packs the weights (tap, k, n) at source + tap * tap_stride + k * k_stride + n * n_stride, in
/// bytes, as one panel of `vectors` vectors: [taps][ceil(k / kKr)][vectors * lanes][kKr], zero
/// where k or n lies beyond the end. The order of the bytes of kPackStep values of k is the ISA's
/// affair.
struct PackArgs {
  const std::uint8_t* source;
  std::int64_t tap_stride, k_stride, n_stride;
  std::int64_t taps, k, columns;
  int vectors;
  std::uint8_t flip;  ///< 0x80 if the weights are u8, else 0.
  std::int8_t* panel;
  std::int32_t* column_sums;  ///< [vectors * lanes]: sums of the packed values; null: not wanted.
  bool fetches_columns;       ///< Ask for columns ahead of time: they are not in the caches.
};
/// Values of k that are packed at a time.
inline constexpr int kPackStep = 16;

/// Neighbouring panels of one tap that are packed a step of each in turn, so that rows of the
/// weights that are far apart in memory are visited once for all.
inline constexpr int kMaxJobPanels = 4;
struct PackJob {
  PackArgs panels[kMaxJobPanels];
  int count = 0;
};

/// Stages `rows` rows of `count` values, from first to last: of each, out = [round_up(count, kKr)]
/// of KernelTable::lhs_bytes each, zero from `count` on.
struct StageArgs {
  const std::uint8_t* in;
  std::int64_t in_stride;  ///< Bytes, as is out_stride.
  std::int64_t rows;
  std::int64_t count;
  std::uint8_t flip;  ///< 0x80 to flip the top bits, or 0.
  std::uint8_t* out;
  std::int64_t out_stride;
};
using StageFn = void (*)(const StageArgs&);

/// Sums that wait for their epilogue: out[i][column ..] = epilogue(sums[i]), some rows at a time.
struct FinishJob {
  const std::int32_t* sums;  ///< [rows][vectors * lanes], and readable up to a multiple of 4 rows.
  std::int64_t rows = 0;
  std::int64_t next_row = 0;
  int vectors = 0;
  void* const* out;              ///< [rows]: column 0 of each output row.
  std::int64_t column;           ///< Of out, where the sums go.
  std::int64_t term;             ///< Of the epilogue's arrays, where they begin.
  std::int64_t columns;          ///< Valid ones: more than (vectors - 1) * lanes.
  const std::int32_t* row_sums;  ///< [rows] as the kernel sees the bytes; if rhs_zero_point is set.
  const std::uint8_t* const* residual;  ///< [rows]: column 0, like `out`; if one is added.
  const EpilogueTerms* epilogue;
};

/// The next panel on its way into the L2 cache, some cache lines at a time.
struct PrefetchJob {
  const std::uint8_t* next;
  std::int64_t lines;  ///< Left, of 64 bytes.
  std::int64_t lines_per_step;
};

/// What a tile kernel does beside its dot products.
enum class TileWork : std::uint8_t {
  kNone,    ///< Nothing, and it takes its own sums through the epilogue: finish_job.
  kFinish,  ///< Steps of the epilogue of the tile before, finish_job, and of prefetch_job; it
            ///< leaves its own sums.
};

/// One call of a tile kernel: sums[i] = sum over taps and k of row i x panel.
struct TileArgs {
  std::int64_t tiles = 1;  ///< Of as many rows each, one after the other; 1 unless kNone.
  const std::uint8_t* const*
      rows;  ///< Row i of tap t starts at rows[t * tap_stride + i] + row_offset.
  std::int64_t tap_stride;
  std::int64_t row_offset;  ///< Bytes.
  std::int64_t taps;
  std::int64_t k;            ///< Values per row and tap; of staged rows round_up(k, kKr) are read.
  const std::int8_t* panel;  ///< [taps][ceil(k / kKr)][nv * lanes][kKr], see PackArgs.
  const std::int64_t* gaps;  ///< [taps]: bytes of the panel left out behind each; null: none.

  FinishJob* finish_job;  ///< See TileWork. That of the tile before has as many vectors.
  PrefetchJob* prefetch_job;
  std::int64_t interval;  ///< A step of the work is due after so many k-groups; some may be left.
  std::int32_t* sums;     ///< [mr][nv * lanes], aligned to vectors; unless kNone.
  std::int16_t* wide_panel;  ///< Widening tiles write the panel here as int16, wide ones read it.
  /// Of each two rows [taps][ceil(k / 8)][2][8], flipped where they are to be, `pair_stride` bytes
  /// apart: tiles for kPairedRows read them and no rows. The others of their table write them,
  /// unless it is null.
  std::uint8_t* pairs;
  std::int64_t pair_stride;
  std::uint8_t flip;  ///< 0x80 to flip the top bits of rows that are put in pairs, or 0.
};
using TileFn = void (*)(const TileArgs&);

/// Columns and rows of a narrow tile, at most.
inline constexpr int kMaxNarrowColumns = 4;
inline constexpr int kMaxNarrowRows = 4;

/// sums[i][n] = row i x column n, for few columns: with a step of kKr * lanes values of k,
/// `weights` is [ceil(k / step)][columns][step]. The last step holds the last `step` values, zero
/// where the one before has them already. k is at least a step.
struct NarrowArgs {
  const std::uint8_t* const* rows;
  std::int64_t k;
  const std::int8_t* weights;
  std::int32_t* sums;  ///< [rows][lanes]; up to kMaxNarrowColumns of each row are written.
};
using NarrowFn = void (*)(const NarrowArgs&);

/// Rows of a tile that reads weights as they are, at most.
inline constexpr int kMaxPlainRows = 6;

/// Where a plain tile has its weights from.
enum class PlainSource : std::uint8_t {
  kRows,         ///< The caller's, [K, N].
  kRowsToPanel,  ///< The same, and what they become is written to PlainTileArgs::panel.
  kPanel,        ///< What such a tile has written.
  kColumns,      ///< The caller's, [N, K].
};
inline constexpr int kPlainSources = 4;

/// Bytes of a row of weights that are fetched into the L2 cache at a time.
inline constexpr std::int64_t kFetchBytes = 256;
/// Weights on their way into the L2 cache, a few cache lines at a time.
inline constexpr int kFetchLines = 4;
struct FetchRowsJob {
  const std::uint8_t* next = nullptr;
  std::int64_t steps = 0;        ///< Left, of kFetchLines lines each.
  std::int64_t line_stride = 0;  ///< Bytes from a line to the next,
  std::int64_t step_stride = 0;  ///< and from a step to the next.
};

/// sums[i][n] = row i x column n of weights that are not packed, for up to 4 * lanes columns. Of
/// [K, N] some values of k at a time: all but the last call leave the columns in an order of their
/// own, as does the panel.
struct PlainTileArgs {
  const std::uint8_t* const* rows;  ///< Row i starts at rows[i] + row_offset.
  std::int64_t row_offset;
  std::int64_t k;               ///< In all but the last call a multiple of kKr.
  const std::uint8_t* weights;  ///< Value (k, n) at k * stride + n, or k + n * stride.
  std::int64_t stride;
  std::int64_t columns;  ///< At least 4 of kColumns.
  std::uint32_t flip;    ///< 0x80808080 if the weights are u8, else 0.
  bool adds;             ///< To the sums of the call before; never for kColumns.
  bool ends;             ///< This is the last call.
  std::int32_t* sums;    ///< [rows][4 * lanes], aligned to vectors.
  std::int8_t* panel;    ///< [ceil(k / kKr)][4 * lanes][kKr], aligned to vectors.
  /// kRows: if not null, kFetchBytes are fetched from here with every k-group, `stride` bytes
  /// on each time.
  const std::uint8_t* ahead;
  /// kPanel, and kRows where `ahead` is null: steps of these are done meanwhile, one of each after
  /// so many k-groups; kRowsToPanel: of the latter.
  FinishJob* finish_job;
  FetchRowsJob* fetch_job;
  std::int64_t interval;
};
using PlainTileFn = void (*)(const PlainTileArgs&);

/// Columns of weights that a tile has as its rows, and vectors of the panel that it has the
/// caller's rows in.
inline constexpr int kSwappedColumns = 8;
inline constexpr int kMaxSwappedSums = 64;  ///< Columns of a call, at most.
inline constexpr int kMinSwappedVectors = 2;
inline constexpr int kMaxSwappedVectors = 3;

/// sums[i][n] = row i x column n of s8 weights [N, K] that are not packed, for up to 4 * lanes
/// columns: the rows are packed, as u8, as if they were the columns of weights.
struct SwappedTileArgs {
  const std::uint8_t* weights;  ///< Value (k, n) at k + n * stride.
  std::int64_t stride;
  std::int64_t k;
  std::int64_t columns;      ///< At least kSwappedColumns.
  const std::int8_t* panel;  ///< [ceil(k / kKr)][vectors * lanes][kKr]
  std::int32_t* sums;        ///< [vectors * lanes][4 * lanes], of rows that are not there too.
  /// Steps of this are done meanwhile, one after so many k-groups.
  FinishJob* finish_job;
  std::int64_t interval;
};
using SwappedTileFn = void (*)(const SwappedTileArgs&);

/// sums[i] = sum over taps and k of row i, of `count` rows laid out as in TileArgs, direct or
/// staged as the tiles take them.
struct RowSumArgs {
  const std::uint8_t* const* rows;
  std::int64_t tap_stride;
  std::int64_t row_offset;
  std::int64_t taps;
  std::int64_t k;
  std::int64_t count;
  std::int32_t* sums;
};
using RowSumFn = void (*)(const RowSumArgs&);

/// pointers[i] = first + i * stride, in bytes, for at least kMinRowPointers rows.
struct RowPointerArgs {
  std::uint64_t* pointers;
  std::uint64_t first;
  std::int64_t stride;
  std::int64_t count;
};
using RowPointerFn = void (*)(const RowPointerArgs&);
inline constexpr std::int64_t kMinRowPointers = 8;

/// Finishes all rows that are left.
using FinishFn = void (*)(FinishJob&);

using PackFn = void (*)(const PackArgs&);
using PackTogetherFn = void (*)(const PackJob&);

}  // namespace octet
