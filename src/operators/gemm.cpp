#include "octet/gemm.hpp"

#include <algorithm>
#include <new>
#include <optional>

#include "dispatch/registry.hpp"
#include "operators/gemm_operands.hpp"
#include "operators/narrow_weights.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {

struct Gemm::Impl {
  PackedWeights weights;
  NarrowWeights narrow;  ///< Empty where the panel is faster.
  FusedEpilogue fused;
  std::optional<Residual> residual;
  DataType lhs_type, rhs_type, out_type;
  std::int64_t k, n;

  WorkSize work(std::int64_t m) const {
    return gemm_work(weights.kernels(), weights.split(), m, k, out_type);
  }
  TaskGrid plan(std::int64_t m, const Threads& threads) const {
    return threads.count <= 1 ? TaskGrid() : plan_tasks(work(m), threads);
  }
  /// What does not depend on M.
  Explanation explain() const;
  /// Rows [first, first + count) times the panels of a task.
  void multiply(const ConstMatrix& lhs, const Matrix& out, const ConstMatrix& others,
                std::int64_t first, std::int64_t count, const TaskPart& part,
                const GemmScratch& memory) const;
  /// Of one task.
  [[gnu::noinline]] GemmScratch take_scratch(ScratchCursor& scratch, std::int64_t m,
                                             const TaskGrid& grid) const {
    const std::int64_t rows = part_begin(m, grid.row_parts, 1);
    return {scratch, weights.kernels(), weights.split(), rows, k, kStagedBytes};
  }
  TaskScratch task_scratch(std::int64_t m, const TaskGrid& grid) const {
    return TaskScratch([&](ScratchCursor& scratch) { take_scratch(scratch, m, grid); });
  }
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
  OCTET_RETURN_IF_ERROR(PackedWeights::create(*kernels, view, quantization, impl->weights));
  OCTET_RETURN_IF_ERROR(FusedEpilogue::create(config.epilogue, impl->fused));
  if (NarrowWeights::pays(*kernels, view))
    OCTET_RETURN_IF_ERROR(NarrowWeights::create(*kernels, view, impl->narrow));
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
  made.out_type = weights.terms().type;
  made.isa = weights.kernels().name;
  explain_rows(made, weights.kernels());
  if (!narrow.empty()) {
    made.form = "narrow";
    made.reason = "few columns would leave most lanes of a panel empty";
  }
  made.packed_bytes = static_cast<std::size_t>(weights.bytes() + narrow.bytes());
  return made;
}

Explanation Gemm::explain(std::int64_t m, const Executor* executor) const noexcept {
  if (!impl_) return {};
  Explanation made = impl_->explain();
  if (m < 0) return made;
  const Threads threads = threads_of(executor);
  explain_work(made, impl_->work(m), threads);
  explain_gemm_size(made, 1, m, impl_->n, impl_->k);
  made.scratch_bytes = scratch_bytes(m, threads.count);
  return made;
}

std::size_t Gemm::scratch_bytes(std::int64_t m, int threads) const noexcept {
  if (!impl_ || m < 1 || !GemmScratch::needed(impl_->weights.kernels(), impl_->weights.split()))
    return 0;
  const TaskGrid most = impl_->plan(m, {.count = threads, .start_us = 0});
  return impl_->task_scratch(m, most).bytes(most.tasks());
}

std::string_view Gemm::isa() const noexcept {
  return impl_ ? impl_->weights.kernels().name : std::string_view();
}

std::size_t Gemm::packed_bytes() const noexcept {
  return impl_ ? static_cast<std::size_t>(impl_->weights.bytes() + impl_->narrow.bytes()) : 0;
}

void Gemm::Impl::multiply(const ConstMatrix& lhs, const Matrix& out, const ConstMatrix& others,
                          std::int64_t first, std::int64_t count, const TaskPart& part,
                          const GemmScratch& memory) const {
  MatrixRows rows(weights.kernels(), weights.flips_lhs(), k, memory, fused);
  rows.add(lhs, out, others, first, count);
  if (weights.uses_row_sums()) rows.add_row_sums();
  if (!narrow.empty()) return narrow.multiply(rows.block(), weights);
  TileLoop tiles(weights.kernels());
  for (std::int64_t p = part.first_panel; p < part.last_panel; ++p)
    tiles.multiply(rows.block(), weights.panel(0, p),
                   PanelTurn(p, part.first_panel, part.last_panel));
  tiles.finish();
}

Status Gemm::run(const ConstMatrix& lhs, const Matrix& out, const Resources& resources,
                 const ConstMatrix& residual) const noexcept {
  const VerboseCall call;
  if (!impl_) return Status::invalid_argument("gemm: run before create");
  const PackedWeights& weights = impl_->weights;
  OCTET_RETURN_IF_ERROR(
      check_gemm_operands(impl_->lhs_type, impl_->out_type, impl_->k, impl_->n, lhs, out));
  if (impl_->residual || residual.data != nullptr)
    OCTET_RETURN_IF_ERROR(check_residual(impl_->residual, residual, out));
  if (lhs.rows == 0) return {};
  const TaskGrid grid = impl_->plan(lhs.rows, threads_of(resources.executor));
  const bool needs_scratch = GemmScratch::needed(weights.kernels(), weights.split());
  TaskScratch scratch;
  if (needs_scratch) {
    scratch = impl_->task_scratch(lhs.rows, grid);
    OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, scratch.bytes(grid.tasks())));
  }
  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    GemmScratch memory;
    if (needs_scratch) {
      ScratchCursor piece = scratch.of_task(resources.scratch.data(), task);
      memory = impl_->take_scratch(piece, lhs.rows, grid);
    }
    const TaskPart part(grid, task, lhs.rows, weights.split().panels);
    for_each_block(part.first_row, part.last_row, memory.stage.block_rows,
                   [&](std::int64_t first, std::int64_t count) {
                     impl_->multiply(lhs, out, residual, first, count, part, memory);
                   });
  });
  call.end_run([&] { return explain(lhs.rows, resources.executor); });
  return {};
}

}  // namespace octet
