/// What becomes of weights that are given with a call.
#pragma once

#include <cstdint>

#include "operators/packed_weights.hpp"

namespace octet {

enum class CallForm : std::uint8_t {
  kPacked,   ///< Each panel is packed, and then multiplied.
  kPlain,    ///< Tiles read the caller's weights; see plain_tile.inl.hpp.
  kSwapped,  ///< Rows are packed in their place; see swapped_tile.inl.hpp.
};

/// Most rows that are multiplied by plain weights in one go, and most that are packed instead.
inline constexpr std::int64_t kPlainRows = 96;
inline constexpr std::int64_t kSwappedRows = 192;

struct CallPlan {
  CallForm form = CallForm::kPacked;
  /// How many of a split's first panels are of that form, all of full width; the others are packed.
  std::int64_t panels = 0;
};

inline bool is_transposed(const WeightsView& weights) { return weights.n_stride != 1; }
/// Whether the rows of a panel lie on more pages of memory than the CPU keeps addresses of.
inline bool rows_are_far_apart(const WeightsView& weights) {
  return weights.k >= 1024 && weights.k_stride >= 1024;
}

/// How rows are cut into panels where they are packed.
inline PanelSplit swapped_split(const KernelTable& kernels, std::int64_t rows) {
  return PanelSplit(rows, kernels, kMaxSwappedVectors);
}

/// The form that takes the fewest cycles for `rows` rows, which lie equally far apart in memory or
/// not. Costs of a column are compared, in products of a row with a value of it:
///
/// - To pack a panel takes about as long as the products of 6 rows with it if it comes from [K, N],
///   and of 10 if from [N, K]; then every tile runs at full speed. Its epilogue takes as long as 12
///   values of k.
/// - A tile that reads [K, N] in place interleaves rows beside its products, at no cost where
///   shuffles have ports of their own, and puts its sums in order at the end, which takes as long
///   as 36 values of k. With eight tiles packing is a tenth of the work at most; with more it is
///   preferred, since it costs little everywhere. But where the rows of a panel lie on more pages
///   than the CPU keeps addresses of, to visit them once per panel would cost more than the
///   products of a few hundred rows: in place, four panels are multiplied together.
/// - A tile that reads [N, K] in place adds up the lanes of its sums, in the time of 170 values of
///   k.
/// - With roles swapped the rows are packed, as [N, K] is. They fill whole vectors, and the sums
/// are
///   transposed: 40 values of k. To read the weights once more, for the next block of rows, takes
///   as long as the products of 3 rows.
CallPlan plan_call(const KernelTable& kernels, const WeightsView& weights, const PanelSplit& split,
                   std::int64_t rows, bool evenly_spaced);

}  // namespace octet
