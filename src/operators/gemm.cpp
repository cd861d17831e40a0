#include "octet/gemm.hpp"

#include <algorithm>
#include <new>

#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/tile_loop.hpp"
#include "operators/validate.hpp"

namespace octet {
namespace {

/// Rows of a block: enough tiles that a panel, once in the L2 cache, is used many times.
constexpr std::int64_t kBlockRows = 252;

Quantization quantization_of(const GemmConfig& config) {
  return {config.lhs_type, config.lhs_zero_point, config.rhs_zero_point, config.epilogue};
}

/// [K, N] whichever way the caller keeps it.
WeightsView view_rhs(const GemmConfig& config, const ConstMatrix& rhs) {
  WeightsView view = {};
  view.data = static_cast<const std::uint8_t*>(rhs.data);
  view.type = rhs.type;
  view.groups = 1;
  view.taps = 1;
  view.k = config.rhs_transposed ? rhs.columns : rhs.rows;
  view.n = config.rhs_transposed ? rhs.rows : rhs.columns;
  view.k_stride = config.rhs_transposed ? 1 : rhs.row_stride;
  view.n_stride = config.rhs_transposed ? rhs.row_stride : 1;
  return view;
}

Status check_config(const GemmConfig& config, const ConstMatrix& rhs) {
  OCTET_RETURN_IF_ERROR(check_8bit("lhs_type", config.lhs_type));
  OCTET_RETURN_IF_ERROR(check_zero_point("lhs_zero_point", config.lhs_zero_point, config.lhs_type));
  OCTET_RETURN_IF_ERROR(check_8bit("rhs.type", rhs.type));
  OCTET_RETURN_IF_ERROR(check_at_least("rhs.rows", rhs.rows, 1));
  OCTET_RETURN_IF_ERROR(check_matrix("rhs", rhs));
  const std::int64_t n = config.rhs_transposed ? rhs.rows : rhs.columns;
  OCTET_RETURN_IF_ERROR(check_zero_points("rhs_zero_point", config.rhs_zero_point, n, rhs.type));
  return check_epilogue(config.epilogue, n);
}

/// `k` and `n` are those of the weights.
Status check_operands(DataType lhs_type, DataType out_type, std::int64_t k, std::int64_t n,
                      const ConstMatrix& lhs, const Matrix& out) {
  OCTET_RETURN_IF_ERROR(check_type("lhs.type", lhs.type, lhs_type));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, out_type));
  OCTET_RETURN_IF_ERROR(check_matrix("lhs", lhs));
  OCTET_RETURN_IF_ERROR(check_matrix("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("lhs.columns", lhs.columns, k, "K of the weights"));
  OCTET_RETURN_IF_ERROR(check_equal("out.columns", out.columns, n, "N of the weights"));
  return check_equal("out.rows", out.rows, lhs.rows, "lhs.rows");
}

/// A block of consecutive rows of lhs and out, with its pointers on the stack.
class MatrixRows {
 public:
  MatrixRows(const ConstMatrix& lhs, const Matrix& out, std::int64_t first, std::int64_t count) {
    const std::int64_t out_stride = out.row_stride * size_of(out.type);
    const auto* lhs_row = static_cast<const std::uint8_t*>(lhs.data) + first * lhs.row_stride;
    auto* out_row = static_cast<std::byte*>(out.data) + first * out_stride;
    for (std::int64_t i = 0; i < count; ++i) {
      rows_[i] = lhs_row + i * lhs.row_stride;
      out_[i] = out_row + i * out_stride;
    }
    block_.count = count;
    block_.rows = rows_;
    block_.tap_stride = kBlockRows;
    block_.out = out_;
  }
  /// Computes the row sums, into this object.
  void add_row_sums(const KernelTable& kernels, bool flip, std::int64_t k) {
    kernels.row_sums[flip]({rows_, kBlockRows, 0, 1, k, block_.count, row_sums_});
    block_.row_sums = row_sums_;
  }
  const RowBlock& block() const { return block_; }

 private:
  RowBlock block_;
  const std::uint8_t* rows_[kBlockRows];
  void* out_[kBlockRows];
  std::int32_t row_sums_[kBlockRows];
};

/// body(first, count) for blocks of rows [begin, end), nearly equal and at most kBlockRows.
template <class Body>
void for_each_block(std::int64_t begin, std::int64_t end, const Body& body) {
  const std::int64_t blocks = (end - begin + kBlockRows - 1) / kBlockRows;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::int64_t first = part_begin(end - begin, blocks, i);
    body(begin + first, part_begin(end - begin, blocks, i + 1) - first);
  }
}

/// The same for both forms of the multiplication, whether or not the weights are packed yet.
TaskGrid plan(std::int64_t m, std::int64_t k, const PanelSplit& split, int threads) {
  const double products =
      static_cast<double>(m) * static_cast<double>(split.n) * static_cast<double>(k);
  return plan_tasks({m, split.panels, k, split.n, products}, threads);
}

}  // namespace

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
  OCTET_RETURN_IF_ERROR(check_config(config, rhs));
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
      check_operands(impl_->lhs_type, weights.terms().type, impl_->k, impl_->n, lhs, out));
  const PanelSplit& split = weights.split();
  const TaskGrid grid = plan(lhs.rows, impl_->k, split, threads_of(resources.executor));
  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    const std::int64_t row_part = task / grid.panel_parts;
    const std::int64_t panel_part = task % grid.panel_parts;
    const std::int64_t first_panel = part_begin(split.panels, grid.panel_parts, panel_part);
    const std::int64_t last_panel = part_begin(split.panels, grid.panel_parts, panel_part + 1);
    for_each_block(part_begin(lhs.rows, grid.row_parts, row_part),
                   part_begin(lhs.rows, grid.row_parts, row_part + 1),
                   [&](std::int64_t first, std::int64_t count) {
                     MatrixRows rows(lhs, out, first, count);
                     if (weights.uses_row_sums())
                       rows.add_row_sums(weights.kernels(), weights.flips_lhs(), impl_->k);
                     multiply_panels(rows.block(), weights, 0, first_panel, last_panel);
                   });
  });
  return {};
}

namespace {

/// Where a task of the one-shot form packs a panel.
struct PanelBuffer {
  PanelBuffer(ScratchCursor& scratch, const PanelSplit& split, const KernelTable& kernels,
              std::int64_t k) {
    const std::int64_t columns =
        std::min(split.vectors, std::int64_t{kernels.max_vectors}) * split.lanes;
    panel = scratch.take<std::int8_t>(round_up(k, std::int64_t{kKr}) * columns);
    bias = scratch.take<std::int32_t>(columns);
    scale = scratch.take<float>(columns);
    rhs_zero_point = scratch.take<std::int32_t>(columns);
  }
  std::int8_t* panel;
  std::int32_t* bias;
  float* scale;
  std::int32_t* rhs_zero_point;
};

}  // namespace

std::size_t gemm_scratch_bytes(const GemmConfig& config, std::int64_t m, std::int64_t n,
                               std::int64_t k, int threads) noexcept {
  const KernelTable* kernels = nullptr;
  std::int64_t kn = 0;
  if (m < 0 || n < 1 || k < 1 || !checked_product("K * N", k, n, kn).ok() ||
      !choose_kernels(config.max_isa, kernels).ok())
    return 0;
  const PanelSplit split(n, *kernels);
  ScratchCursor scratch(nullptr);
  for (std::int64_t i = plan(m, k, split, std::max(threads, 1)).tasks(); i > 0; --i)
    PanelBuffer(scratch, split, *kernels, k);
  return scratch.used();
}

Status gemm(const GemmConfig& config, const ConstMatrix& lhs, const ConstMatrix& rhs,
            const Matrix& out, const Resources& resources) noexcept {
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_config(config, rhs));
  const WeightsView view = view_rhs(config, rhs);
  OCTET_RETURN_IF_ERROR(
      check_operands(config.lhs_type, config.epilogue.type, view.k, view.n, lhs, out));
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
  const TaskGrid grid = plan(lhs.rows, view.k, split, threads);

  run_tasks(resources.executor, grid.tasks(), [&](std::int64_t task) {
    ScratchCursor scratch(resources.scratch.data());
    for (std::int64_t before = 0; before < task; ++before)
      PanelBuffer(scratch, split, *kernels, view.k);
    const PanelBuffer buffer(scratch, split, *kernels, view.k);
    EpilogueTerms terms = uniform_terms(config.epilogue);
    terms.bias = buffer.bias;
    terms.scale = buffer.scale;
    terms.rhs_zero_point = row_sums ? buffer.rhs_zero_point : nullptr;

    const std::int64_t row_part = task / grid.panel_parts;
    const std::int64_t panel_part = task % grid.panel_parts;
    const std::int64_t last_panel = part_begin(split.panels, grid.panel_parts, panel_part + 1);
    for (std::int64_t p = part_begin(split.panels, grid.panel_parts, panel_part); p < last_panel;
         ++p) {
      const PackArgs pack = pack_panel_args(view, 0, split, p, rhs_sign, buffer.panel, buffer.bias);
      kernels->pack(pack);
      fill_panel_terms(quantization, lhs_sign, rhs_sign, view.k, split.column(p), pack.columns,
                       pack.vectors * split.lanes, buffer.bias,
                       {buffer.bias, buffer.scale, row_sums ? buffer.rhs_zero_point : nullptr});
      const Panel panel = {.kernels = kernels,
                           .terms = &terms,
                           .data = buffer.panel,
                           .taps = 1,
                           .k = view.k,
                           .vectors = pack.vectors,
                           .columns = pack.columns,
                           .row_offset = 0,
                           .column = split.column(p),
                           .term = 0,
                           .flip = lhs_sign.flip,
                           .depthwise = false};
      for_each_block(part_begin(lhs.rows, grid.row_parts, row_part),
                     part_begin(lhs.rows, grid.row_parts, row_part + 1),
                     [&](std::int64_t first, std::int64_t count) {
                       MatrixRows rows(lhs, out, first, count);
                       if (row_sums) rows.add_row_sums(*kernels, lhs_sign.flip, view.k);
                       multiply_panel(rows.block(), panel);
                     });
    }
  });
  return {};
}

}  // namespace octet
