#include <algorithm>

#include "dispatch/registry.hpp"
#include "octet/gemm.hpp"
#include "operators/gemm_operands.hpp"
#include "operators/panel_pipeline.hpp"
#include "operators/tasks.hpp"
#include "operators/validate.hpp"

namespace octet {
namespace {

TaskGrid plan(const KernelTable& kernels, const PanelSplit& split, std::int64_t m, std::int64_t k,
              DataType out_type, int threads) {
  WorkSize work = gemm_work(kernels, split, m, k, out_type);
  work.packs_weights = true;
  return plan_tasks(work, threads);
}

TaskScratch task_scratch(const KernelTable& kernels, const PanelSplit& split, std::int64_t k) {
  return TaskScratch([&](ScratchCursor& scratch) { PanelRing(scratch, split, kernels, k); });
}

}  // namespace

std::size_t gemm_scratch_bytes(const GemmConfig& config, std::int64_t m, std::int64_t n,
                               std::int64_t k, int threads) noexcept {
  const KernelTable* kernels = nullptr;
  std::int64_t kn = 0;
  constexpr std::int64_t kMostK = std::int64_t{1} << 40;  // far beyond what int32 sums allow
  if (m < 0 || n < 1 || k < 1 || k > kMostK || !checked_product("K * N", k, n, kn).ok() ||
      !choose_kernels(config.max_isa, kernels).ok())
    return 0;
  const PanelSplit split(n, *kernels);
  const TaskGrid grid = plan(*kernels, split, m, k, config.epilogue.type, threads);
  return task_scratch(*kernels, split, k).bytes(grid.tasks());
}

Status gemm(const GemmConfig& config, const ConstMatrix& lhs, const ConstMatrix& rhs,
            const Matrix& out, const Resources& resources) noexcept {
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_gemm_config(config, rhs));
  const WeightsView view = view_rhs(config, rhs);
  OCTET_RETURN_IF_ERROR(
      check_gemm_operands(config.lhs_type, config.epilogue.type, view.k, view.n, lhs, out));
  const Quantization quantization = quantization_of(config);
  WeightsView any_weights = view;
  any_weights.data = nullptr;
  OCTET_RETURN_IF_ERROR(check_sums_fit(any_weights, quantization));
  const int threads = threads_of(resources.executor);
  OCTET_RETURN_IF_ERROR(check_scratch(
      resources.scratch, gemm_scratch_bytes(config, lhs.rows, view.n, view.k, threads)));

  const KernelSign lhs_sign(config.lhs_type, kernels->lhs_signed);
  const KernelSign rhs_sign(rhs.type, true);
  const bool row_sums = needs_row_sums(quantization, rhs_sign);
  const PanelSplit split(view.n, *kernels);
  const TaskGrid grid = plan(*kernels, split, lhs.rows, view.k, config.epilogue.type, threads);
  const TaskScratch scratch = task_scratch(*kernels, split, view.k);

  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    ScratchCursor piece = scratch.of_task(resources.scratch.data(), task);
    const PanelRing buffers(piece, split, *kernels, view.k);
    PanelPipeline pipeline(*kernels, view, split, lhs_sign, rhs_sign, quantization, buffers);
    const TaskPart part(grid, task, lhs.rows, split.panels);
    TileLoop tiles(*kernels);
    const auto multiply = [&](const Panel& panel, PackJob* job) {
      for_each_block(part.first_row, part.last_row, [&](std::int64_t first, std::int64_t count) {
        MatrixRows rows(lhs, out, first, count);
        if (row_sums) rows.add_row_sums(*kernels, lhs_sign.flip, view.k);
        tiles.multiply(rows.block(), panel, job);
        tiles.finish();
      });
    };
    pipeline.run(part.first_panel, part.last_panel, part.last_row - part.first_row, multiply);
  });
  return {};
}

}  // namespace octet
