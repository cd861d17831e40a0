#include "octet/gemm.hpp"

#include <new>

#include "dispatch/registry.hpp"
#include "operators/gemm_operands.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"

namespace octet {

struct Gemm::Impl {
  PackedWeights weights;
  DataType lhs_type;
  std::int64_t k, n;
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
  OCTET_RETURN_IF_ERROR(PackedWeights::create(*kernels, view, quantization, false, impl->weights));
  gemm.impl_ = std::move(impl);
  return {};
}

std::size_t Gemm::scratch_bytes(std::int64_t, int) const noexcept { return 0; }

std::string_view Gemm::isa() const noexcept {
  return impl_ ? impl_->weights.kernels().name : std::string_view();
}

std::size_t Gemm::packed_bytes() const noexcept {
  return impl_ ? static_cast<std::size_t>(impl_->weights.bytes()) : 0;
}

Status Gemm::run(const ConstMatrix& lhs, const Matrix& out,
                 const Resources& resources) const noexcept {
  if (!impl_) return Status::invalid_argument("gemm: run before create");
  const PackedWeights& weights = impl_->weights;
  OCTET_RETURN_IF_ERROR(
      check_gemm_operands(impl_->lhs_type, weights.terms().type, impl_->k, impl_->n, lhs, out));
  const PanelSplit& split = weights.split();
  const TaskGrid grid =
      plan_tasks(gemm_work(weights.kernels(), split, lhs.rows, impl_->k, out.type),
                 threads_of(resources.executor));
  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    const TaskPart part(grid, task, lhs.rows, split.panels);
    TileLoop tiles(weights.kernels());
    for_each_block(part.first_row, part.last_row, [&](std::int64_t first, std::int64_t count) {
      MatrixRows rows;
      rows.add(lhs, out, first, count);
      if (weights.uses_row_sums())
        rows.add_row_sums(weights.kernels(), weights.flips_lhs(), impl_->k);
      multiply_panels(tiles, rows.block(), weights, 0, part.first_panel, part.last_panel);
      tiles.finish();
    });
  });
  return {};
}

}  // namespace octet
