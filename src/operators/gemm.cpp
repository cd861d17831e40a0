#include "octet/gemm.hpp"

#include <algorithm>
#include <new>
#include <optional>

#include "dispatch/registry.hpp"
#include "operators/folded_rows.hpp"
#include "operators/gemm_operands.hpp"
#include "operators/narrow_weights.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {

namespace {

/// A matrix of weights, and how rows are multiplied by it.
struct Factor {
  PackedWeights weights;
  NarrowWeights narrow;  ///< Empty where the panel is faster.

  WorkSize work(std::int64_t m) const {
    return gemm_work(weights.kernels(), weights.split(), m, weights.k(), weights.terms().type);
  }
  TaskGrid plan(std::int64_t m, const Threads& threads) const {
    return threads.count <= 1 ? TaskGrid() : plan_tasks(work(m), threads);
  }
  bool needs_scratch() const { return GemmScratch::needed(weights.kernels(), weights.split()); }
  /// Of one task.
  [[gnu::noinline]] GemmScratch take_scratch(ScratchCursor& scratch, std::int64_t m,
                                             const TaskGrid& grid) const {
    const std::int64_t rows = part_begin(m, grid.row_parts, 1);
    return {scratch, weights.kernels(), weights.split(), rows, weights.k(), kStagedBytes};
  }
  TaskScratch task_scratch(std::int64_t m, const TaskGrid& grid) const {
    return TaskScratch([&](ScratchCursor& scratch) { take_scratch(scratch, m, grid); });
  }
  std::size_t scratch_bytes(std::int64_t m, int threads) const {
    if (m < 1 || !needs_scratch()) return 0;
    const TaskGrid most = plan(m, {.count = threads, .start_us = 0});
    return task_scratch(m, most).bytes(most.tasks());
  }
  std::int64_t bytes() const { return weights.bytes() + narrow.bytes(); }
  /// Rows [first, first + count), at most a block, times the panels of a task.
  [[gnu::noinline]] void run_block(const ConstMatrix& lhs, const Matrix& out,
                                   const ConstMatrix& residual, const FusedEpilogue& fused,
                                   const TaskPart& part, const GemmScratch& memory,
                                   std::int64_t first, std::int64_t count) const;
  Status run_tasks(const ConstMatrix& lhs, const Matrix& out, const Resources& resources,
                   const ConstMatrix& residual, const FusedEpilogue& fused) const;
  /// Small calls are to be short: a single block with nothing to take begins at once.
  Status multiply(const ConstMatrix& lhs, const Matrix& out, const Resources& resources,
                  const ConstMatrix& residual, const FusedEpilogue& fused) const {
    if (resources.executor != nullptr || lhs.rows > kBlockRows || needs_scratch())
      return run_tasks(lhs, out, resources, residual, fused);
    static constexpr GemmScratch kNone;
    const TaskPart all({}, 0, lhs.rows, weights.split().panels);
    run_block(lhs, out, residual, fused, all, kNone, 0, lhs.rows);
    return {};
  }
};

}  // namespace

struct Gemm::Impl {
  Factor factor;
  std::int64_t fold = 1;
  Factor folded;  ///< For `fold` rows at a time, if that is more than one.
  FusedEpilogue fused;
  std::optional<Residual> residual;
  DataType lhs_type, rhs_type, out_type;
  std::int64_t k, n;

  std::size_t packed_bytes() const {
    return static_cast<std::size_t>(factor.bytes() + (fold > 1 ? folded.bytes() : 0));
  }
  /// What does not depend on M.
  Explanation explain() const;
  /// Whether so many rows are folded, if there are no gaps between them.
  bool folds(std::int64_t m) const {
    constexpr std::int64_t kLeastRows = 32;  // or the call for those that are left would cost more
    return fold > 1 && m >= std::max(kLeastRows, 4 * fold);
  }
  Status pack_folded(const KernelTable& kernels, const WeightsView& view,
                     const Quantization& quantization);
  Status multiply_folded(const ConstMatrix& lhs, const Matrix& out,
                         const Resources& resources) const;
};

Gemm::Gemm() noexcept = default;
Gemm::~Gemm() = default;
Gemm::Gemm(Gemm&&) noexcept = default;
Gemm& Gemm::operator=(Gemm&&) noexcept = default;

Status Gemm::create(const GemmConfig& config, const ConstMatrix& rhs, Gemm& gemm) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_gemm_config(config, rhs));
  const WeightsView view = view_rhs(config, rhs);
  const Quantization quantization = quantization_of(config, config.epilogue);
  OCTET_RETURN_IF_ERROR(check_sums_fit(view, quantization));

  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (!impl) return Status::error(StatusCode::kOutOfMemory, "no memory for a Gemm");
  impl->lhs_type = config.lhs_type;
  impl->out_type = config.epilogue.type;
  impl->residual = config.epilogue.residual;
  impl->rhs_type = rhs.type;
  impl->k = view.k;
  impl->n = view.n;
  Factor& factor = impl->factor;
  OCTET_RETURN_IF_ERROR(PackedWeights::create(*kernels, view, quantization, factor.weights));
  OCTET_RETURN_IF_ERROR(FusedEpilogue::create(config.epilogue, impl->fused));
  // What folding saves of each row's epilogue, in dot products.
  constexpr std::int64_t kEpilogue = 8;
  const std::int64_t saved = NarrowWeights::dots_saved(*kernels, view);
  if (saved <= kEpilogue) impl->fold = fold_of(*kernels, view, quantization);
  if (impl->fold > 1) OCTET_RETURN_IF_ERROR(impl->pack_folded(*kernels, view, quantization));
  if (saved > 0) OCTET_RETURN_IF_ERROR(NarrowWeights::create(*kernels, view, factor.narrow));
  call.end_create([&] { return impl->explain(); });
  gemm.impl_ = std::move(impl);
  return {};
}

Explanation Gemm::Impl::explain() const {
  Explanation made;
  made.operation = "gemm";
  set_shape(made, "N %lld, K %lld", static_cast<long long>(n), static_cast<long long>(k));
  made.in_type = lhs_type;
  made.weights_type = rhs_type;
  made.out_type = out_type;
  made.isa = factor.weights.kernels().name;
  explain_rows(made, factor.weights.kernels());
  if (!factor.narrow.empty()) {
    made.form = "narrow";
    made.reason = "few columns would leave most lanes of a panel empty";
  }
  made.packed_bytes = packed_bytes();
  return made;
}

Explanation Gemm::explain(std::int64_t m, const Executor* executor) const noexcept {
  if (!impl_) return {};
  Explanation made = impl_->explain();
  if (m < 0) return made;
  const Threads threads = threads_of(executor);
  if (impl_->folds(m)) {
    made.form = "folded";
    made.reason = "few columns would leave most lanes empty; rows with gaps are not folded";
  }
  explain_work(made, impl_->factor.work(m), threads);
  explain_gemm_size(made, 1, m, impl_->n, impl_->k);
  made.scratch_bytes = scratch_bytes(m, threads.count);
  return made;
}

std::size_t Gemm::scratch_bytes(std::int64_t m, int threads) const noexcept {
  if (!impl_) return 0;
  std::size_t bytes = impl_->factor.scratch_bytes(m, threads);
  if (impl_->folds(m))
    bytes = std::max(bytes, impl_->folded.scratch_bytes(m / impl_->fold, threads));
  return bytes;
}

std::string_view Gemm::isa() const noexcept {
  return impl_ ? impl_->factor.weights.kernels().name : std::string_view();
}

std::size_t Gemm::packed_bytes() const noexcept { return impl_ ? impl_->packed_bytes() : 0; }

void Factor::run_block(const ConstMatrix& lhs, const Matrix& out, const ConstMatrix& residual,
                       const FusedEpilogue& fused, const TaskPart& part, const GemmScratch& memory,
                       std::int64_t first, std::int64_t count) const {
  MatrixRowTables tables;
  MatrixRows rows(tables, weights.kernels(), weights.flips_lhs(), weights.k(), memory, fused);
  rows.add(lhs, out, residual, first, count);
  if (weights.uses_row_sums()) rows.add_row_sums();
  if (!narrow.empty()) return narrow.multiply(tables.block, weights);
  TileLoop tiles(weights.kernels());
  for (std::int64_t p = part.first_panel; p < part.last_panel; ++p)
    tiles.multiply(tables.block, weights.panel(0, p),
                   PanelTurn(p, part.first_panel, part.last_panel));
  tiles.finish();
}

Status Factor::run_tasks(const ConstMatrix& lhs, const Matrix& out, const Resources& resources,
                         const ConstMatrix& residual, const FusedEpilogue& fused) const {
  const TaskGrid grid = plan(lhs.rows, threads_of(resources.executor));
  TaskScratch scratch;
  if (needs_scratch()) {
    scratch = task_scratch(lhs.rows, grid);
    OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, scratch.bytes(grid.tasks())));
  }
  octet::run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    GemmScratch memory;
    if (needs_scratch()) {
      ScratchCursor piece = scratch.of_task(resources.scratch.data(), task);
      memory = take_scratch(piece, lhs.rows, grid);
    }
    const TaskPart part(grid, task, lhs.rows, weights.split().panels);
    for_each_block(part.first_row, part.last_row, memory.stage.block_rows,
                   [&](std::int64_t first, std::int64_t count) {
                     run_block(lhs, out, residual, fused, part, memory, first, count);
                   });
  });
  return {};
}

Status Gemm::Impl::pack_folded(const KernelTable& kernels, const WeightsView& view,
                               const Quantization& quantization) {
  FoldedWeights made;
  OCTET_RETURN_IF_ERROR(FoldedWeights::create(view, quantization.epilogue, 1, 1, fold, made));
  WeightsView one_tap = made.view();
  one_tap.k *= one_tap.taps;
  one_tap.taps = 1;
  return PackedWeights::create(kernels, one_tap,
                               {quantization.lhs_type, quantization.lhs_zero_point,
                                folded_zero_points(quantization.rhs_zero_point), made.epilogue()},
                               folded.weights);
}

Status Gemm::Impl::multiply_folded(const ConstMatrix& lhs, const Matrix& out,
                                   const Resources& resources) const {
  const std::int64_t left = lhs.rows % fold;
  OCTET_RETURN_IF_ERROR(
      folded.multiply(folded_rows(lhs, fold), folded_rows(out, fold), resources, {}, fused));
  if (left == 0) return {};
  const std::int64_t first = lhs.rows - left;
  return factor.multiply(rows_from(lhs, first), rows_from(out, first), resources, {}, fused);
}

Status Gemm::run(const ConstMatrix& lhs, const Matrix& out, const Resources& resources,
                 const ConstMatrix& residual) const noexcept {
  const VerboseCall call;
  if (!impl_) return Status::invalid_argument("gemm: run before create");
  OCTET_RETURN_IF_ERROR(
      check_gemm_operands(impl_->lhs_type, impl_->out_type, impl_->k, impl_->n, lhs, out));
  if (impl_->residual || residual.data != nullptr)
    OCTET_RETURN_IF_ERROR(check_residual(impl_->residual, residual, out));
  if (lhs.rows == 0) return {};
  const bool folds =
      impl_->folds(lhs.rows) && lhs.row_stride == impl_->k && out.row_stride == impl_->n;
  OCTET_RETURN_IF_ERROR(folds
                            ? impl_->multiply_folded(lhs, out, resources)
                            : impl_->factor.multiply(lhs, out, resources, residual, impl_->fused));
  call.end_run([&] { return explain(lhs.rows, resources.executor); });
  return {};
}

}  // namespace octet
