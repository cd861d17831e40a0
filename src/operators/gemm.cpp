#include "octet/gemm.hpp"

#include <algorithm>
#include <new>

#include "dispatch/registry.hpp"
#include "operators/gemm_operands.hpp"
#include "operators/narrow_weights.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"

namespace octet {

struct Gemm::Impl {
  PackedWeights weights;
  NarrowWeights narrow;  ///< Empty where the panel is faster.
  DataType lhs_type;
  std::int64_t k, n;

  TaskGrid plan(std::int64_t m, int threads) const {
    if (threads <= 1) return {};
    return plan_tasks(gemm_work(weights.kernels(), weights.split(), m, k, weights.terms().type),
                      threads);
  }
  /// Of one task.
  GemmScratch take_scratch(ScratchCursor& scratch, std::int64_t m, const TaskGrid& grid) const {
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
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_gemm_config(config, rhs));
  const WeightsView view = view_rhs(config, rhs);
  const Quantization quantization = quantization_of(config);
  OCTET_RETURN_IF_ERROR(check_sums_fit(view, quantization));

  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (!impl) return Status::error(StatusCode::kOutOfMemory, "no memory for a Gemm");
  impl->lhs_type = config.lhs_type;
  impl->k = view.k;
  impl->n = view.n;
  OCTET_RETURN_IF_ERROR(PackedWeights::create(*kernels, view, quantization, impl->weights));
  if (NarrowWeights::pays(*kernels, view))
    OCTET_RETURN_IF_ERROR(NarrowWeights::create(*kernels, view, impl->narrow));
  gemm.impl_ = std::move(impl);
  return {};
}

std::size_t Gemm::scratch_bytes(std::int64_t m, int threads) const noexcept {
  if (!impl_ || m < 1 || !GemmScratch::needed(impl_->weights.kernels(), impl_->weights.split()))
    return 0;
  const TaskGrid grid = impl_->plan(m, std::max(threads, 1));
  return impl_->task_scratch(m, grid).bytes(grid.tasks());
}

std::string_view Gemm::isa() const noexcept {
  return impl_ ? impl_->weights.kernels().name : std::string_view();
}

std::size_t Gemm::packed_bytes() const noexcept {
  return impl_ ? static_cast<std::size_t>(impl_->weights.bytes() + impl_->narrow.bytes()) : 0;
}

Status Gemm::run(const ConstMatrix& lhs, const Matrix& out,
                 const Resources& resources) const noexcept {
  if (!impl_) return Status::invalid_argument("gemm: run before create");
  const PackedWeights& weights = impl_->weights;
  OCTET_RETURN_IF_ERROR(
      check_gemm_operands(impl_->lhs_type, weights.terms().type, impl_->k, impl_->n, lhs, out));
  if (lhs.rows == 0) return {};
  const PanelSplit& split = weights.split();
  const TaskGrid grid = impl_->plan(lhs.rows, threads_of(resources.executor));
  TaskScratch scratch;
  if (GemmScratch::needed(weights.kernels(), split)) {
    scratch = impl_->task_scratch(lhs.rows, grid);
    OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, scratch.bytes(grid.tasks())));
  }
  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    ScratchCursor piece = scratch.of_task(resources.scratch.data(), task);
    const GemmScratch memory = impl_->take_scratch(piece, lhs.rows, grid);
    const TaskPart part(grid, task, lhs.rows, split.panels);
    TileLoop tiles(weights.kernels());
    for_each_block(part.first_row, part.last_row, memory.stage.block_rows,
                   [&](std::int64_t first, std::int64_t count) {
                     MatrixRows rows(weights.kernels(), weights.flips_lhs(), impl_->k, memory);
                     rows.add(lhs, out, first, count);
                     if (weights.uses_row_sums()) rows.add_row_sums();
                     if (!impl_->narrow.empty()) {
                       impl_->narrow.multiply(rows.block(), weights);
                       return;
                     }
                     for (std::int64_t p = part.first_panel; p < part.last_panel; ++p)
                       tiles.multiply(rows.block(), packed_panel(weights, 0, p, part.first_panel,
                                                                 part.last_panel));
                     tiles.finish();
                   });
  });
  return {};
}

}  // namespace octet
