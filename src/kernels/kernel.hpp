/// The contract between octet and its kernels: plain structs, one table of functions per ISA.
///
/// A tile is rows x panel: `mr` rows of activation bytes times one packed panel of weights. The
/// kernel sees u8 x s8 (or, where `lhs_signed`, s8 x s8) whatever the caller's types are: the other
/// types are the same numbers with the top bit flipped and the zero point moved by 128. A kernel
/// reads no byte outside its rows and writes no byte outside its columns.
///
/// Rows are *direct*, the caller's own bytes, or *staged*: copied into scratch in the form that the
/// dot product takes. Where KernelTable::lhs_bytes is 1 they are direct.
#pragma once

#include <cstdint>

#include "octet/types.hpp"

namespace octet {

/// Consecutive values of k that one 32-bit lane of a dot product holds.
inline constexpr int kKr = 4;
/// Limits of the tables below.
inline constexpr int kMaxPanelVectors = 4;
inline constexpr int kMaxTileRows = 10;
inline constexpr int kMaxStreams = 4;
inline constexpr int kDirectStreams = 2;
/// How rows come to a tile: as they are (0), as they are, to be flipped (1), or in pairs.
inline constexpr int kRowForms = 3;
inline constexpr int kPairedRows = 2;
/// Sums of the largest tile, with rows to a multiple of 4.
inline constexpr int kMaxTileSums = 24 * 16;

/// How a rounded 32-bit value becomes a byte: add the zero point, clamp, store the low 8 bits. For
/// u8 all is moved down by 128, so that one signed path serves both types, and the top bit of the
/// result flipped at the end. Each value is repeated through the 32 bits.
struct ByteTerms {
  ByteTerms() = default;
  /// `min` and `max`: whole numbers in the range of `type`, u8 or s8.
  constexpr ByteTerms(DataType type, std::int32_t zero_point, float min, float max)
      : ByteTerms(type == DataType::kU8 ? 128 : 0, zero_point, static_cast<std::int32_t>(min),
                  static_cast<std::int32_t>(max)) {}
  std::uint32_t zero_point = 0;              ///< int16, twice
  std::uint32_t min = 0, max = 0, flip = 0;  ///< int8, four times

 private:
  constexpr ByteTerms(std::int32_t shift, std::int32_t zero_point, std::int32_t min,
                      std::int32_t max)
      : zero_point(static_cast<std::uint16_t>(zero_point - shift) * 0x00010001u),
        min(static_cast<std::uint8_t>(min - shift) * 0x01010101u),
        max(static_cast<std::uint8_t>(max - shift) * 0x01010101u),
        flip(static_cast<std::uint32_t>(shift) * 0x01010101u) {}
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
  bool small_scales;                   ///< None is above 0.5: no product leaves int32.
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
  const EpilogueTerms* epilogue;
};

/// The next panel on its way into the L2 cache, some cache lines at a time.
struct PrefetchJob {
  const std::uint8_t* next = nullptr;
  std::int64_t lines = 0;  ///< Left, of 64 bytes.
  std::int64_t lines_per_step = 0;
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
  std::int32_t* sums;  ///< [rows][lanes]; kMaxNarrowColumns of each row are written.
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
/// So many of each of some rows, on their way.
struct FetchRowsJob {
  const std::uint8_t* next = nullptr;
  std::int64_t rows = 0;  ///< Left.
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
  /// so many k-groups.
  FinishJob* finish_job;
  FetchRowsJob* fetch_job;
  std::int64_t interval;
};
using PlainTileFn = void (*)(const PlainTileArgs&);

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

/// Finishes all rows that are left.
using FinishFn = void (*)(FinishJob&);

using PackFn = void (*)(const PackArgs&);
using PackTogetherFn = void (*)(const PackJob&);

/// A run of `count` elements; `step` 1 if scale and zero_point (bias) go with the element, 0 if one
/// serves all. zero_point and bias may be null.
struct ConvertArgs {
  const void* in;
  void* out;
  DataType in_type, out_type;
  std::int64_t count;
  int scale_step, zero_point_step;
  const float* scale;
  const std::int32_t* zero_point;
};
using ConvertFn = void (*)(const ConvertArgs&);

struct RequantizeArgs {
  const std::int32_t* in;
  void* out;
  std::int64_t count;
  int scale_step;
  const float* scale;
  const std::int32_t* bias;  ///< [count] or null.
  DataType type;
  float min, max;  ///< As in EpilogueTerms.
  std::int32_t zero_point;
};
using RequantizeFn = void (*)(const RequantizeArgs&);

/// An epilogue that adds another tensor, for sums that lie in memory, with the bias. Of row i,
/// column n:
///   t = float(sums[i][n]) * scale[n] + residual_scale * float(residual[i][n] - zero point)
struct ResidualTerms {
  const float* scale;
  int scale_step;  ///< 1, or 0 where one serves all columns.
  float residual_scale;
  std::int32_t residual_zero_point;  ///< Of the flipped bytes, which are u8.
  std::int32_t residual_flip;        ///< 0x80 if the residual is s8, else 0.
  EpilogueTerms epilogue;            ///< What becomes of t; its arrays are not read. Not s32.
};
struct ResidualArgs {
  const ResidualTerms* terms;
  const std::int32_t* sums;  ///< [rows][sums_stride]: readable to whole vectors of columns.
  std::int64_t sums_stride;
  std::int64_t rows, columns;
  std::int64_t column;                  ///< Of scale, residual and out, where the sums belong.
  const std::uint8_t* const* residual;  ///< [rows]: column 0. Its bytes may be those of out.
  void* const* out;                     ///< [rows]: column 0.
};
using ResidualFn = void (*)(const ResidualArgs&);

/// Bytes [column, column + columns) of each row become table[byte ^ flip].
struct LookUpArgs {
  const std::uint8_t* table;  ///< [256]
  std::uint8_t flip;          ///< 0x80 if the bytes are s8, else 0.
  void* const* rows;
  std::int64_t count, column, columns;
};
using LookUpFn = void (*)(const LookUpArgs&);

/// Pooling of `windows` windows of one size, one output pixel each, all channels of them. A window
/// is [rows][columns] pixels, all of them inside the image.
struct PoolArgs {
  const std::uint8_t* in;  ///< The first pixel of the first window.
  std::int64_t in_step;    ///< Bytes between windows; the strides are bytes, too.
  std::int64_t row_stride, pixel_stride;
  std::int64_t rows, columns;
  std::int64_t windows;
  std::int64_t channels;
  std::uint8_t flip;  ///< 0x80 if `in` is s8, else 0: bytes are then u8.
  std::uint8_t* out;
  std::int64_t out_step;

  // Averages: out = epilogue(float(bias + sum of the flipped bytes) * scale).
  std::int32_t bias;
  float scale;
  const EpilogueTerms* epilogue;  ///< For its type, clamp and zero point.
};
using PoolFn = void (*)(const PoolArgs&);

/// Depthwise convolution: a lane holds one channel, and its bytes are values of that channel from
/// neighbouring *lines*, `slots` of them (KernelTable::depthwise_slots). So interleaved, a column
/// of `groups * slots` lines serves every output row and every tap that needs some of those lines:
///
///   out row r, column x = epilogue(sum over pass p, tap t, line l of
///       value(line l, column x * column_stride + t * tap_step) * weight[r][p][t][l])
///
/// Lines may be image lines, or the pixels 0, 1, 2, ... of each run of `slots` in one image line:
/// the kernel sees addresses only. One call serves a panel of up to 4 * lanes channels, or
/// `streams` times the same columns of other lines for a fraction of the channels each.
struct DepthwiseLine {
  std::int64_t begin, end;   ///< Columns inside the image; all others read `pad`.
  const std::uint8_t* data;  ///< Channel 0 at column `begin`.
  bool moves;                ///< There is more than one of them.
};
/// One row of outputs; those at columns beyond `width` do not exist.
struct DepthwiseOut {
  std::uint8_t* data;  ///< Channel 0 at column 0.
  std::int64_t width;
};
/// Rows of outputs that use the same lines.
struct DepthwiseUnit {
  const DepthwiseLine* lines;  ///< [groups * slots]
  const DepthwiseOut* out;     ///< [DepthwiseArgs::rows]
  std::int64_t rows, width;    ///< Those with outputs, and the widest of them.
};

/// Where channel c of a stream is: byte c of 16-byte blocks that are interleaved each for itself.
/// Of 4 vectors, `vector` has it in its 32-bit lane `lane`, counted from the stream's first.
struct DepthwiseLane {
  constexpr explicit DepthwiseLane(std::int64_t c) : vector(c % 16 / 4), lane(c / 16 * 4 + c % 4) {}
  std::int64_t vector, lane;
};

struct DepthwiseArgs {
  /// Units, `streams` of them at a time: 1, 2 or 4, at most KernelTable::depthwise_streams. `count`
  /// is a multiple of that.
  const DepthwiseUnit* units;
  std::int64_t count;
  int streams;
  std::int64_t groups;
  std::int64_t step;         ///< Bytes between columns of a line.
  const std::uint8_t* pad;   ///< A pixel outside the image; its bytes are all the same.
  std::int64_t in_channel;   ///< First one that is read, counted from the lines' data;
  std::int64_t in_channels;  ///< and how many.
  std::int64_t multiplier;   ///< Output channels per input channel.
  std::int64_t
      first_of_channel;  ///< Which of its first input channel's the first output channel is.
  std::uint8_t flip;     ///< 0x80 to flip the top bit of the values, or 0.

  std::uint8_t* staged;  ///< [columns][groups][4 vectors]: scratch for the interleaved values.
  std::int64_t column_stride;
  std::int64_t passes, taps, tap_step;
  /// [rows][passes][taps][groups][4 vectors][lanes][slots]: s8, or s16 if there are two slots.
  /// Zero where a row does not need a line, and beyond the last channel.
  const std::int8_t* weights;
  std::int64_t row_weights;  ///< Bytes between rows of weights.

  std::int64_t out_channel;       ///< First one that is written, counted from the outputs' data;
  std::int64_t out_channels;      ///< and how many.
  std::int64_t out_step;          ///< Bytes between columns of the outputs.
  const EpilogueTerms* epilogue;  ///< Its arrays have [4 vectors][lanes].
  std::int64_t term;              ///< Of those arrays, where the panel begins.
  bool small_scales;              ///< No scale is above 0.5: no result can leave int32.
};
using DepthwiseFn = void (*)(const DepthwiseArgs&);

/// Where the results of a grouped tile are: term `index` of a panel belongs to output channel
/// `channel`. Each block of 16 channels takes 4 lanes of 4 vectors.
constexpr std::int64_t grouped_channel(std::int64_t index, int lanes, int channels_per_group) {
  const std::int64_t vector = index / lanes, lane = index % lanes;
  const std::int64_t block = lane / 4 * 16, at = lane % 4;
  if (channels_per_group == 4) return block + 4 * at + vector;
  if (channels_per_group == 8) return block + 8 * (at % 2) + 2 * vector + at / 2;
  return block + 4 * vector + at;
}

/// CPU features, as bits of KernelTable::needs; those of an architecture in the order of
/// octet::cpu_features().
enum CpuFeatureBit : std::uint32_t {
  kAvx2 = 1u << 0,
  kAvxVnni = 1u << 1,
  kAvx512Base = 1u << 2,  ///< AVX-512 F, BW, CD, DQ and VL.
  kAvx512Vnni = 1u << 3,
  kDotProd = 1u << 4,  ///< ARM: sdot and udot.
  kI8mm = 1u << 5,     ///< ARM: usdot, sudot, smmla and usmmla.
};

/// Everything that one ISA offers. Tables are constant: no code runs before main().
struct KernelTable {
  const char* name;
  std::uint32_t needs;  ///< CpuFeatureBit
  int lanes;            ///< int32 lanes of a vector: columns of a panel come in multiples of this.
  bool lhs_signed;      ///< The dot product takes s8 activations, not u8.
  int lhs_bytes;        ///< Of a value in a row; 1: rows are direct, else staged, but for the
                        ///< grouped and depthwise ones.

  int max_vectors;                 ///< Of a panel; nr = max_vectors * lanes.
  int max_rows[kMaxPanelVectors];  ///< Tallest tile for a panel of 1, 2, ... vectors.
  /// [form of the rows][vectors - 1][mr - 1]: kNone. Those for kPairedRows are null but where a dot
  /// product multiplies two rows at once.
  TileFn tile[kRowForms][kMaxPanelVectors][kMaxTileRows];
  /// kFinish; null where it does not pay, and for heights that only a tile alone can have.
  TileFn finishing_tile[2][kMaxPanelVectors][kMaxTileRows];  ///< [flip][vectors - 1][mr - 1]
  FinishFn finish[kMaxPanelVectors];                         ///< [vectors - 1]

  /// [flip][columns - 1][rows - 1], for 1, 2 and 4 columns; null where a lower one is to be used.
  NarrowFn narrow[2][kMaxNarrowColumns][kMaxNarrowRows];

  int plain_rows;  ///< The tallest of plain_tile; 0 if there are none.
  /// [source][flip][mr - 1]. With a panel null for heights that no rows of several tiles have.
  PlainTileFn plain_tile[kPlainSources][2][kMaxPlainRows];

  /// The same tiles where rows are staged and the block has several tiles: the first widens the
  /// panel for the others, once. Null for heights that no such block has. See TileArgs::wide_panel.
  TileFn widening_tile[kMaxPanelVectors][kMaxTileRows];  ///< [vectors - 1][mr - 1]
  TileFn wide_tile[kMaxPanelVectors][kMaxTileRows];      ///< [vectors - 1][mr - 1]

  /// Tiles for several groups of 4, 8 or 16 input and output channels each, side by side: a panel
  /// is 4 * lanes of those channels, [taps][channels per group][lanes][kKr], where lane l takes
  /// channels 4 l to 4 l + 3 and vector n has their weights for output n of their group. The arrays
  /// of the epilogue are ordered as grouped_channel says; it has no rhs_zero_point. A row is all
  /// channels of the panel.
  int grouped_rows[3];                 ///< Tallest for 4, 8, 16 channels; 0 if there are none.
  TileFn grouped[2][3][kMaxTileRows];  ///< [flip][channels: 4, 8, 16][mr - 1]

  int depthwise_slots;    ///< Values of a channel in a lane: 4 bytes, or 2 widened to int16.
  int depthwise_streams;  ///< Most of a call.
  DepthwiseFn depthwise;
  /// The same from the caller's image, without `staged`, with at most kDirectStreams streams: 3x3
  /// filters with stride 2, 8-bit outputs, small_scales, a multiplier of 1. Units of two rows share
  /// the weights of one, and have five lines as they lie in the image. Null if there is none.
  DepthwiseFn depthwise_direct;

  RowSumFn row_sums[2];  ///< [flip]; of staged rows, which are flipped already, both are the same.
  StageFn stage;         ///< Null where rows are direct.
  PackFn pack;
  PackTogetherFn pack_together;
  ConvertFn quantize;    ///< f32 to u8, s8
  ConvertFn dequantize;  ///< u8, s8, s32 to f32
  RequantizeFn requantize;
  ResidualFn add_residual;
  LookUpFn look_up;
  PoolFn max_pool;
  PoolFn average_pool;

  /// Runs dot products on registers alone: the peak that kernels are measured against. Returns the
  /// operations done (2 per multiply-accumulate).
  std::int64_t (*dot_peak)(std::int64_t iterations);
};

}  // namespace octet
