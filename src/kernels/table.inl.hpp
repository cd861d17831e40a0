// Fills an ISA's KernelTable from the templates. Included inside its anonymous namespace.

#include "kernels/depthwise_direct.inl.hpp"
#include "kernels/depthwise_strips.inl.hpp"
#include "kernels/halves_tile.inl.hpp"
#include "kernels/matrix_tile.inl.hpp"
#include "kernels/plain_tile.inl.hpp"
#include "kernels/row_pointers.inl.hpp"
#include "kernels/staged_tile.inl.hpp"
#include "kernels/swapped_tile.inl.hpp"

/// The tallest tile for panels of 1, 2, ... vectors: as tall as the registers allow.
template <int... kRows>
struct Tiles {
  static constexpr int kVectors = sizeof...(kRows);
  static constexpr int kMaxRows[kVectors] = {kRows...};
};

/// Of panels with kStreams pixels in a row.
template <class Simd, int kStreams>
constexpr void set_grouped_tiles(int& rows, TileFn* plain, TileFn* flipping) {
  rows = kGroupedRows<Simd, kStreams>;
  for_each_up_to<kGroupedRows<Simd, kStreams>>([&]<int kMr>() {
    plain[kMr - 1] = grouped<Simd, kMr, kStreams, false>;
    flipping[kMr - 1] = grouped<Simd, kMr, kStreams, true>;
  });
}

template <class Simd>
constexpr void set_plain_tiles(KernelTable& table) {
  table.plain_rows = kMaxPlainRows;
  const auto of_source = [&](PlainSource source) -> auto& {
    return table.plain_tile[static_cast<int>(source)];
  };
  for_each_up_to<kMaxPlainRows>([&]<int kMr>() {
    const auto set = [&]<PlainSource kSource>() {
      of_source(kSource)[0][kMr - 1] = plain_tile<Simd, kMr, false, kSource>;
      of_source(kSource)[1][kMr - 1] = plain_tile<Simd, kMr, true, kSource>;
    };
    set.template operator()<PlainSource::kRows>();
    if constexpr (kMr >= kMaxPlainRows / 2) {
      set.template operator()<PlainSource::kRowsToPanel>();
      set.template operator()<PlainSource::kPanel>();
    }
    of_source(PlainSource::kColumns)[0][kMr - 1] = plain_columns_tile<Simd, kMr, false>;
    of_source(PlainSource::kColumns)[1][kMr - 1] = plain_columns_tile<Simd, kMr, true>;
  });
  table.swapped_tile[0] = swapped_tile<Simd, kMinSwappedVectors>;
  table.swapped_tile[1] = swapped_tile<Simd, kMaxSwappedVectors>;
}

/// Tiles of kMr rows that finish their own sums.
template <class Simd, int kMaxRows, int kMr, int kNv>
constexpr void set_own_tiles(KernelTable& table, int panel) {
  constexpr int kTile = kMr - 1;
  if constexpr (kInHalves<Simd, kMaxRows, kMr, kNv>) {
    if constexpr (TwinTiles<Simd> && kMr % 2 != 0) return;
    table.halves_tile[0][panel][kTile] = halves_tile<Simd, kMr, kNv, false>;
    table.halves_tile[1][panel][kTile] = halves_tile<Simd, kMr, kNv, true>;
  } else {
    table.tile_rows[panel] = kMr;
    table.tile[0][panel][kTile] = tile<Simd, kMr, kNv, false, TileWork::kNone>;
    table.tile[1][panel][kTile] = tile<Simd, kMr, kNv, true, TileWork::kNone>;
  }
}

/// The part of a KernelTable that tiles of direct rows take.
template <class Simd, class TileRows>
constexpr void set_direct_tiles(KernelTable& table) {
  table.lhs_bytes = 1;
  for_each_up_to<TileRows::kVectors>([&]<int kNv>() {
    constexpr int kMaxRows = TileRows::kMaxRows[kNv - 1];
    constexpr int kStepRows = kFinishRows<kNv>;
    static_assert((kMaxRows + kStepRows - 1) / kStepRows * kStepRows * kNv * Simd::kLanes <=
                  kMaxTileSums);
    table.finish[kNv - 1] = finish<Simd, kNv>;
    for_each_up_to<kMaxRows>([&]<int kMr>() {
      constexpr int kTile = kMr - 1, kPanel = kNv - 1;
      if constexpr (MultipliesMatrices<Simd>) {
        static_assert(!Simd::kWorksBeside);
        table.tile[0][kPanel][kTile] = matrix_tile<Simd, kMr, kNv, false>;
        table.tile[1][kPanel][kTile] = table.tile[0][kPanel][kTile];
        table.tile[kPairedRows][kPanel][kTile] = matrix_tile<Simd, kMr, kNv, true>;
      } else if constexpr (HasTwins<Simd> && kNv == 1) {
        set_own_tiles<Twins<Simd>, kMaxRows, kMr, 2>(table, kPanel);
      } else {
        set_own_tiles<Simd, kMaxRows, kMr, kNv>(table, kPanel);
      }
      // Three tiles and more are no lower. A panel of a few vectors has a short epilogue.
      if constexpr (Simd::kWorksBeside && kNv > 1 && 2 * kNv > TileRows::kVectors &&
                    kMr >= (2 * kMaxRows + 1) / 3) {
        table.finishing_tile[0][kPanel][kTile] = tile<Simd, kMr, kNv, false, TileWork::kFinish>;
        table.finishing_tile[1][kPanel][kTile] = tile<Simd, kMr, kNv, true, TileWork::kFinish>;
      }
    });
  });
  // Matrix products are twice as many: a panel of two columns is no slower than both alone.
  for_each_up_to<MultipliesMatrices<Simd> ? 1 : kMaxNarrowColumns>([&]<int kNc>() {
    for_each_up_to<kMaxNarrowRows>([&]<int kMr>() {
      // GCC 12 moves sums in the loops of three rows or columns.
      if constexpr (kMr * kNc <= Simd::kNarrowSums && kMr != 3 && kNc != 3) {
        table.narrow[0][kNc - 1][kMr - 1] = narrow_tile<Simd, kMr, kNc, false>;
        table.narrow[1][kNc - 1][kMr - 1] = narrow_tile<Simd, kMr, kNc, true>;
      }
    });
  });
  if constexpr (MultipliesPlainWeights<Simd> && SwapsRoles<Simd>) set_plain_tiles<Simd>(table);
  table.row_sums[0] = row_sums<Simd, false>;
  table.row_sums[1] = row_sums<Simd, true>;
}

/// The part of a KernelTable that tiles of staged rows take.
template <class Simd, class TileRows>
constexpr void set_staged_tiles(KernelTable& table) {
  table.lhs_bytes = Simd::kLhsBytes;
  for_each_up_to<TileRows::kVectors>([&]<int kNv>() {
    constexpr int kMaxRows = TileRows::kMaxRows[kNv - 1];
    for_each_up_to<kMaxRows>([&]<int kMr>() {
      table.tile[0][kNv - 1][kMr - 1] = staged_tile<Simd, kMr, kNv, PanelForm::kBytes>;
      table.tile[1][kNv - 1][kMr - 1] = table.tile[0][kNv - 1][kMr - 1];
      if constexpr (kMr >= (2 * kMaxRows + 1) / 3) {  // three tiles and more are no lower
        table.widening_tile[kNv - 1][kMr - 1] = staged_tile<Simd, kMr, kNv, PanelForm::kWidening>;
        table.wide_tile[kNv - 1][kMr - 1] = staged_tile<Simd, kMr, kNv, PanelForm::kWide>;
      }
    });
  });
  table.row_sums[0] = table.row_sums[1] = staged_row_sums<Simd>;
  table.stage = stage<Simd>;
}

/// `base` has the kernels for elements: the table itself, which then owns some, or that of an ISA
/// with the same vectors.
template <class Simd, class TileRows>
constexpr KernelTable make_table(const char* name, std::uint32_t needs, const KernelTable& base,
                                 ElementKernels own_elements = {}) {
  KernelTable table = {};
  table.name = name;
  table.needs = needs;
  table.lanes = Simd::kLanes;
  table.lhs_signed = Simd::kLhsSigned;
  table.max_vectors = TileRows::kVectors;
  table.narrow_span = kKr;
  if constexpr (HasTwins<Simd>) table.narrow_span = kSpan<Twins<Simd>>;
  for_each_up_to<TileRows::kVectors>([&]<int kNv>() {
    table.max_rows[kNv - 1] = table.tile_rows[kNv - 1] = TileRows::kMaxRows[kNv - 1];
  });
  if constexpr (StagesRows<Simd>) {
    set_staged_tiles<Simd, TileRows>(table);
  } else {
    set_direct_tiles<Simd, TileRows>(table);
  }
  set_grouped_tiles<Simd, 1>(table.grouped_rows[0], table.grouped[0][0], table.grouped[1][0]);
  set_grouped_tiles<Simd, 2>(table.grouped_rows[1], table.grouped[0][1], table.grouped[1][1]);
  set_grouped_tiles<Simd, 4>(table.grouped_rows[2], table.grouped[0][2], table.grouped[1][2]);
  table.depthwise_slots = Simd::kSlots;
  table.depthwise_streams = Simd::kStreams;
  table.depthwise = depthwise<Simd>;
  if constexpr (requires { Simd::kDirectDepthwise; }) {
    table.depthwise_direct = depthwise_direct<Simd>;
    table.depthwise_strips = depthwise_strips<Simd>;
  }
  table.point_to_rows = point_to_rows<Simd>;
  table.pack = pack<Simd>;
  table.pack_together = pack_together<Simd>;
  table.own_elements = own_elements;
  table.elements = &base.own_elements;
  if constexpr (MultipliesMatrices<Simd>) {
    table.dot_peak = matrix_dot_peak<Simd>;
  } else {
    table.dot_peak = dot_peak<Simd>;
  }
  return table;
}
