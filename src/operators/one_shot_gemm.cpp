#include <algorithm>

#include "dispatch/registry.hpp"
#include "octet/gemm.hpp"
#include "operators/call_weights.hpp"
#include "operators/gemm_batch.hpp"
#include "operators/gemm_operands.hpp"
#include "operators/tasks.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {
namespace {

/// Rows are counted through all matrices of the batch.
WorkSize work_size(const KernelTable& kernels, const PanelSplit& split, const GemmBatch& batch,
                   std::int64_t m, std::int64_t k, DataType out_type) {
  WorkSize work = gemm_work(kernels, split, batch.count * m, k, out_type);
  work.packs_weights = true;
  work.rows_per_weights = shares_weights(batch) ? 0 : m;
  return work;
}
TaskGrid plan(const KernelTable& kernels, const PanelSplit& split, const GemmBatch& batch,
              std::int64_t m, std::int64_t k, DataType out_type, const Threads& threads) {
  return plan_tasks(work_size(kernels, split, batch, m, k, out_type), threads);
}

/// Scratch of one task of a grid over so many rows in all.
struct OneShotScratch {
  OneShotScratch(ScratchCursor& scratch, const KernelTable& kernels, const PanelSplit& split,
                 const TaskGrid& grid, std::int64_t rows, std::int64_t k)
      : weights(scratch, kernels, split, part_begin(rows, grid.row_parts, 1), k),
        rows(scratch, kernels, split, part_begin(rows, grid.row_parts, 1), k, INT64_MAX) {}
  CallScratch weights;
  GemmScratch rows;
};

TaskScratch task_scratch(const KernelTable& kernels, const PanelSplit& split, const TaskGrid& grid,
                         std::int64_t rows, std::int64_t k) {
  return TaskScratch(
      [&](ScratchCursor& scratch) { OneShotScratch(scratch, kernels, split, grid, rows, k); });
}

}  // namespace

std::size_t gemm_scratch_bytes(const GemmConfig& config, std::int64_t m, std::int64_t n,
                               std::int64_t k, int threads) noexcept {
  return batched_gemm_scratch_bytes(config, {}, m, n, k, threads);
}

std::size_t batched_gemm_scratch_bytes(const GemmConfig& config, const GemmBatch& batch,
                                       std::int64_t m, std::int64_t n, std::int64_t k,
                                       int threads) noexcept {
  const KernelTable* kernels = nullptr;
  std::int64_t kn = 0, rows = 0;
  constexpr std::int64_t kMostK = std::int64_t{1} << 40;  // far beyond what int32 sums allow
  if (m < 0 || n < 1 || k < 1 || k > kMostK || batch.count < 0 ||
      !checked_product("K * N", k, n, kn).ok() ||
      !checked_product("batch.count * M", batch.count, m, rows).ok() ||
      !choose_kernels(config.max_isa, kernels).ok())
    return 0;
  const PanelSplit split(n, *kernels);
  const TaskGrid most =
      plan(*kernels, split, batch, m, k, config.epilogue.type, {.count = threads, .start_us = 0});
  return task_scratch(*kernels, split, most, rows, k).bytes(most.tasks());
}

Explanation explain_batched_gemm(const GemmConfig& config, const GemmBatch& batch, std::int64_t m,
                                 std::int64_t n, std::int64_t k, DataType rhs_type,
                                 const Executor* executor) noexcept {
  Explanation made;
  made.operation = batch.count == 1 ? "one_shot_gemm" : "batched_gemm";
  made.in_type = config.lhs_type;
  made.weights_type = rhs_type;
  made.out_type = config.epilogue.type;
  const KernelTable* kernels = nullptr;
  const Threads threads = threads_of(executor);
  const std::size_t scratch = batched_gemm_scratch_bytes(config, batch, m, n, k, threads.count);
  if (scratch == 0 || !choose_kernels(config.max_isa, kernels).ok()) return made;
  explain_work(made, work_size(*kernels, PanelSplit(n, *kernels), batch, m, k, made.out_type),
               threads);
  made.isa = kernels->name;
  explain_rows(made, *kernels);
  explain_gemm_size(made, batch.count, m, n, k);
  made.scratch_bytes = scratch;
  return made;
}

Status gemm(const GemmConfig& config, const ConstMatrix& lhs, const ConstMatrix& rhs,
            const Matrix& out, const Resources& resources, const ConstMatrix& residual) noexcept {
  return batched_gemm(config, {}, lhs, rhs, out, resources, residual);
}

Status batched_gemm(const GemmConfig& config, const GemmBatch& batch, const ConstMatrix& lhs,
                    const ConstMatrix& rhs, const Matrix& out, const Resources& resources,
                    const ConstMatrix& residual) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_gemm_batch(config, batch));
  GemmConfig first = config;
  first.epilogue = epilogue_of(config, batch, 0);
  OCTET_RETURN_IF_ERROR(check_gemm_config(first, rhs));
  const WeightsView view = view_rhs(config, rhs);
  OCTET_RETURN_IF_ERROR(
      check_gemm_operands(config.lhs_type, config.epilogue.type, view.k, view.n, lhs, out));
  OCTET_RETURN_IF_ERROR(check_residual(config.epilogue.residual, residual, out));
  OCTET_RETURN_IF_ERROR(check_batch_operands(batch, lhs, rhs, out, residual));
  WeightsView any_weights = view;
  any_weights.data = nullptr;
  OCTET_RETURN_IF_ERROR(check_sums_fit(any_weights, quantization_of(config, config.epilogue)));
  const KernelSign lhs_sign(config.lhs_type, kernels->lhs_signed);
  const KernelSign rhs_sign(rhs.type, true);
  const bool row_sums = needs_row_sums(quantization_of(config, config.epilogue), rhs_sign);
  const PanelSplit split(view.n, *kernels);
  const TaskGrid grid = plan(*kernels, split, batch, lhs.rows, view.k, config.epilogue.type,
                             threads_of(resources.executor));
  const TaskScratch scratch = task_scratch(*kernels, split, grid, batch.count * lhs.rows, view.k);
  OCTET_RETURN_IF_ERROR(check_scratch(resources.scratch, scratch.bytes(grid.tasks())));

  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    ScratchCursor piece = scratch.of_task(resources.scratch.data(), task);
    const OneShotScratch memory(piece, *kernels, split, grid, batch.count * lhs.rows, view.k);
    const std::int64_t block_rows = memory.rows.stage.block_rows;
    const TaskPart part(grid, task, batch.count * lhs.rows, split.panels);
    TileLoop tiles(*kernels);
    MatrixRowTables tables;
    const auto with_rows = [&](std::int64_t first, std::int64_t count, const FusedEpilogue& fused,
                               const auto& multiply) {
      MatrixRows rows(tables, *kernels, lhs_sign.flip, view.k, memory.rows, fused);
      add_batch_rows(batch, lhs, out, residual, first, count, rows);
      if (row_sums) rows.add_row_sums();
      multiply(rows.block());
    };
    // As many rows at a time as have the same weights.
    for (std::int64_t begin = part.first_row, end = 0; begin < part.last_row; begin = end) {
      const std::int64_t i = begin / lhs.rows;
      end = shares_weights(batch) ? part.last_row : std::min(part.last_row, (i + 1) * lhs.rows);
      const WeightsView view_of_matrix = view_rhs(config, matrix_of(rhs, batch.rhs_stride, i));
      const Epilogue epilogue = epilogue_of(config, batch, i);
      const FusedEpilogue fused(epilogue);
      const Quantization quantization = quantization_of(config, epilogue);
      CallWeights weights(*kernels, view_of_matrix, split, lhs_sign, rhs_sign, quantization,
                          memory.weights);
      const bool evenly_spaced = batch.count <= 1 || !shares_weights(batch);
      const CallPlan how =
          fused.empty() ? plan_call(*kernels, view_of_matrix, split, end - begin, evenly_spaced)
                        : CallPlan();
      const std::int64_t plain_end = std::clamp(how.panels, part.first_panel, part.last_panel);
      if (part.first_panel < plain_end) {
        const bool swaps = how.form == CallForm::kSwapped;
        for_each_block(begin, end, swaps ? kSwappedRows : kPlainRows,
                       [&](std::int64_t first, std::int64_t count) {
                         with_rows(first, count, fused, [&](const RowBlock& block) {
                           swaps ? weights.multiply_swapped(block, part.first_panel, plain_end)
                                 : weights.multiply_plain(block, part.first_panel, plain_end);
                         });
                       });
      }
      if (plain_end == part.last_panel) continue;
      const auto run_panels = [&](const auto& multiply) {
        weights.multiply_packed(plain_end, part.last_panel, multiply);
      };
      if (stages_rows(*kernels) || end - begin <= block_rows) {
        // Staging rows again for every panel would cost more than packing panels for every block.
        for_each_block(begin, end, block_rows, [&](std::int64_t first, std::int64_t count) {
          with_rows(first, count, fused, [&](const RowBlock& block) {
            run_panels(
                [&](const Panel& panel, PanelTurn turn) { tiles.multiply(block, panel, turn); });
            tiles.finish();
          });
        });
      } else {
        run_panels([&](const Panel& panel, PanelTurn) {
          for_each_block(begin, end, block_rows, [&](std::int64_t first, std::int64_t count) {
            with_rows(first, count, fused, [&](const RowBlock& block) {
              tiles.multiply(block, panel, PanelTurn());  // these rows make room for others
              tiles.finish();
            });
          });
        });
      }
    }
  });
  call.end_run([&] {
    return explain_batched_gemm(config, batch, lhs.rows, view.n, view.k, rhs.type,
                                resources.executor);
  });
  return {};
}

}  // namespace octet
