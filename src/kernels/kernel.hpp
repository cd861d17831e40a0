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

#include "kernels/depthwise_args.hpp"
#include "kernels/element_args.hpp"
#include "kernels/tile_args.hpp"

namespace octet {

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

  int max_vectors;                  ///< Of a panel; nr = max_vectors * lanes.
  int max_rows[kMaxPanelVectors];   ///< Tallest tile for a panel of 1, 2, ... vectors.
  int tile_rows[kMaxPanelVectors];  ///< Tallest of `tile`.
  int narrow_span;                  ///< Values of k that tiles take at a time where a panel is one
                                    ///< vector: rows of whole spans have no ends; else kKr.
  /// [form of the rows][vectors - 1][mr - 1]: kNone. Those for kPairedRows are null but where a dot
  /// product multiplies two rows at once.
  TileFn tile[kRowForms][kMaxPanelVectors][kMaxTileRows];
  /// kFinish; null where it does not pay, and for heights that only a tile alone can have.
  TileFn finishing_tile[2][kMaxPanelVectors][kMaxTileRows];  ///< [flip][vectors - 1][mr - 1]
  /// kNone, for one tap, kMinHalvesK values of k and more (of one vector kMinHalvesK1), 8-bit
  /// outputs, small_scales and no rhs_zero_point. Null for all heights that `tile` has, and perhaps
  /// for odd ones above. [flip][vectors - 1][mr - 1]
  TileFn halves_tile[2][kMaxPanelVectors][kMaxTileRows];
  FinishFn finish[kMaxPanelVectors];  ///< [vectors - 1]

  /// [flip][columns - 1][rows - 1], for 1, 2 and 4 columns; null where a lower one is to be used.
  NarrowFn narrow[2][kMaxNarrowColumns][kMaxNarrowRows];

  int plain_rows;  ///< The tallest of plain_tile; 0 if there are none.
  /// [source][flip][mr - 1]. With a panel null for heights that no rows of several tiles have.
  PlainTileFn plain_tile[kPlainSources][2][kMaxPlainRows];
  /// [vectors - kMinSwappedVectors]; null if plain_rows is 0.
  SwappedTileFn swapped_tile[kMaxSwappedVectors - kMinSwappedVectors + 1];

  /// The same tiles where rows are staged and the block has several tiles: the first widens the
  /// panel for the others, once. Null for heights that few blocks have. See TileArgs::wide_panel.
  TileFn widening_tile[kMaxPanelVectors][kMaxTileRows];  ///< [vectors - 1][mr - 1]
  TileFn wide_tile[kMaxPanelVectors][kMaxTileRows];      ///< [vectors - 1][mr - 1]

  /// Tiles for several groups of TileArgs::k = 4, 8 or 16 input and output channels each, side by
  /// side. A panel is 4 * lanes / streams of those channels, and a row as many of `streams` pixels,
  /// each with a pointer of its own: `rows` and `out` have `streams` for every row of a tile.
  /// Column c of stream s is byte s * 4 * lanes / streams + c of a vector, and sums and weights are
  /// those of the panel's channels, repeated for every stream: [taps][k / 4][4][lanes][kKr], where
  /// grouped_input and grouped_channel say which weights those are; as int16 where depthwise_slots
  /// is 2, of each vector bytes 0 and 2 of all lanes, then bytes 1 and 3. The arrays of the
  /// epilogue are ordered as the sums; it has no rhs_zero_point.
  int grouped_rows[3];                 ///< Tallest for 1, 2, 4 streams; 0 if there are none.
  TileFn grouped[2][3][kMaxTileRows];  ///< [flip][streams: 1, 2, 4][mr - 1]

  int depthwise_slots;    ///< Values of a channel in a lane: 4 bytes, or 2 widened to int16.
  int depthwise_streams;  ///< Most of a call.
  DepthwiseFn depthwise;
  /// The same straight from the caller's image, one stream: 3x3 filters with stride 1 or 2, 8-bit
  /// outputs, small_scales, a multiplier of 1. Units have two rows, and four or five lines as they
  /// lie in the image. With stride 2 both rows have the weights of one. Up to half a panel of
  /// channels is ordered as DepthwiseLane says of `halved`. Null if there is none.
  DepthwiseFn depthwise_direct;
  /// What depthwise_direct does, for few channels, and lines and outputs whose pixels lie back to
  /// back: `in_channels` all of them, `streams` 1, at most kMaxStripUnits units, all parts of a
  /// line but the last as wide as whole strips. With stride 2 in_channels is 4, 8, 16 or 32. The
  /// weights are [strips][rows][3 taps][kStripBytes][slots], with stride 2 of one row, the arrays
  /// of the epilogue [strips][kStripBytes]. Null if there is none.
  DepthwiseFn depthwise_strips;

  RowSumFn row_sums[2];  ///< [flip]; of staged rows, which are flipped already, both are the same.
  RowPointerFn point_to_rows;
  StageFn stage;  ///< Null where rows are direct.
  PackFn pack;
  PackTogetherFn pack_together;
  /// Those of this ISA or, since none of them multiplies bytes, of another that has the same
  /// vectors and needs no more features.
  const ElementKernels* elements;
  ElementKernels own_elements;  ///< Null where those of another ISA are taken.

  /// Runs dot products on registers alone: the peak that kernels are measured against. Returns the
  /// operations done (2 per multiply-accumulate).
  std::int64_t (*dot_peak)(std::int64_t iterations);
};

}  // namespace octet
