#include "operators/narrow_weights.hpp"

#include <algorithm>

namespace octet {
namespace {

std::int64_t step_of(const KernelTable& kernels) { return std::int64_t{kKr} * kernels.lanes; }

/// Columns of the block that begins where `left` are left, three with an empty fourth.
std::int64_t block_columns(std::int64_t left) { return left > 2 ? kMaxNarrowColumns : left; }

}  // namespace

std::int64_t NarrowWeights::dots_saved(const KernelTable& kernels, const WeightsView& weights) {
  if (weights.n > kernels.lanes || weights.k < step_of(kernels)) return 0;
  if (kernels.narrow[0][block_columns(weights.n) - 1][0] == nullptr) return 0;
  // To add up the lanes of four sums takes about as long as twelve; vectors
  // of four lanes have three pairwise additions for it.
  const std::int64_t steps = (weights.k + step_of(kernels) - 1) / step_of(kernels);
  const std::int64_t additions =
      (kernels.lanes == 4 ? 3 : 12) * ((weights.n + kMaxNarrowColumns - 1) / kMaxNarrowColumns);
  return std::max<std::int64_t>(weights.k / kKr - weights.n * steps - additions, 0);
}

Status NarrowWeights::create(const KernelTable& kernels, const WeightsView& weights,
                             NarrowWeights& narrow) {
  const std::int64_t step = step_of(kernels);
  const std::int64_t steps = (weights.k + step - 1) / step;
  const std::uint8_t flip = KernelSign(weights.type, true).flip ? 0x80 : 0;
  NarrowWeights made;
  made.n_ = weights.n;
  made.k_ = weights.k;
  made.column_bytes_ = steps * step;
  const std::int64_t whole = weights.n / kMaxNarrowColumns * kMaxNarrowColumns;
  made.bytes_ = (whole + block_columns(weights.n - whole)) * made.column_bytes_;
  made.data_ = allocate<std::int8_t>(made.bytes_);
  if (!made.data_)
    return Status::error(StatusCode::kOutOfMemory, "no memory for %lld bytes of packed weights",
                         static_cast<long long>(made.bytes_));
  std::fill_n(made.data_.get(), made.bytes_, std::int8_t{0});
  for (std::int64_t n = 0; n < weights.n; ++n) {
    const std::int64_t first = n / kMaxNarrowColumns * kMaxNarrowColumns;
    const std::int64_t columns = block_columns(weights.n - first);
    std::int8_t* to = made.data_.get() + first * made.column_bytes_ + (n - first) * step;
    for (std::int64_t s = 0; s < steps; ++s, to += columns * step) {
      const std::int64_t begin = std::min(s * step, weights.k - step);
      for (std::int64_t k = s * step; k < begin + step; ++k) {
        const std::uint8_t* from = weights.data + k * weights.k_stride + n * weights.n_stride;
        to[k - begin] = static_cast<std::int8_t>(*from ^ flip);
      }
    }
  }
  narrow = std::move(made);
  return {};
}

void NarrowWeights::multiply(const RowBlock& block, const PackedWeights& packed) const {
  const KernelTable& kernels = packed.kernels();
  if (block.fused != nullptr)
    return multiply_and_look_up(kernels, block, 0, n_, [&](const RowBlock& without_table) {
      multiply(without_table, packed);
    });
  const auto& tiles = kernels.narrow[packed.flips_lhs()];
  constexpr std::int64_t kRowsAtATime = kMaxTileSums / 16;
  alignas(64) std::int32_t sums[kMaxTileSums];  // of columns beyond the last any values will do
  FinishJob job;
  job.sums = sums;
  job.vectors = 1;
  job.column = job.term = 0;
  job.columns = n_;
  job.epilogue = &packed.terms();
  NarrowArgs args;
  args.k = k_;
  for (std::int64_t begin = 0; begin < block.count; begin += kRowsAtATime) {
    job.rows = std::min(block.count - begin, kRowsAtATime);
    for (std::int64_t n = 0; n < n_; n += kMaxNarrowColumns) {
      args.weights = data_.get() + n * column_bytes_;
      const NarrowFn* of_height = tiles[block_columns(n_ - n) - 1];
      for (std::int64_t row = 0, height = 0; row < job.rows; row += height) {
        height = std::min<std::int64_t>(job.rows - row, kMaxNarrowRows);
        while (of_height[height - 1] == nullptr) --height;
        args.rows = block.rows + begin + row;
        args.sums = sums + row * kernels.lanes + n;
        of_height[height - 1](args);
      }
    }
    job.next_row = 0;
    job.out = block.out + begin;
    job.row_sums = block.row_sums == nullptr ? nullptr : block.row_sums + begin;
    job.residual = block.residual + begin;
    kernels.finish[0](job);
  }
}

}  // namespace octet
