#include "support/run_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/guarded_epilogue.hpp"
#include "support/guarded_tensor.hpp"

namespace octet::test {
namespace {

/// The matrices of an operand in guarded memory.
class BatchTensor {
 public:
  BatchTensor(DataType type, BatchLayout layout, std::int64_t count, std::int64_t rows,
              std::int64_t columns, std::int64_t row_gap, std::int64_t gap, Placement placement)
      : side_by_side_(layout == BatchLayout::kSideBySide),
        count_(layout == BatchLayout::kShared ? 1 : count),
        rows_(rows),
        columns_(columns),
        tensor_(
            side_by_side_
                ? guarded_images(type, {1, rows, count, columns}, {gap, row_gap, 0}, placement)
                : guarded_images(type, {count_, rows, 1, columns}, {row_gap, 0, gap}, placement)) {
    const Images images = tensor_.images();
    view = {images.data, type, rows, columns, images.row_stride};
    if (layout != BatchLayout::kShared)
      stride = side_by_side_ ? images.pixel_stride : images.image_stride;
  }

  /// `cells`: [count, rows, columns]; of a shared operand the first matrix counts.
  void store_input(Cells cells) {
    cells.resize(static_cast<std::size_t>(count_ * rows_ * columns_));
    tensor_.store(reordered(cells, count_, rows_));
    tensor_.seal_input();
  }
  void seal_output() const { tensor_.seal_output(); }
  Cells load() const {
    tensor_.expect_gaps_untouched();
    return reordered(tensor_.load(), rows_, count_);
  }

  Matrix view;
  std::int64_t stride = 0;

 private:
  /// [outer, inner, columns] as [inner, outer, columns], if matrices lie side by side.
  Cells reordered(const Cells& cells, std::int64_t outer, std::int64_t inner) const {
    if (!side_by_side_) return cells;
    Cells result;
    for (std::int64_t i = 0; i < inner; ++i) {
      for (std::int64_t o = 0; o < outer; ++o) {
        const auto row = cells.begin() + (o * inner + i) * columns_;
        result.insert(result.end(), row, row + columns_);
      }
    }
    return result;
  }

  bool side_by_side_;
  std::int64_t count_, rows_, columns_;
  GuardedTensor tensor_;
};

ConstMatrix as_const(const Matrix& matrix) {
  return {matrix.data, matrix.type, matrix.rows, matrix.columns, matrix.row_stride};
}

Cells lhs_of(const GemmProblem& problem) { return Cells(problem.lhs.begin(), problem.lhs.end()); }

/// In the order in which the caller keeps it.
Cells rhs_of(const GemmProblem& problem) {
  Cells cells(problem.rhs.begin(), problem.rhs.end());
  if (!problem.rhs_transposed) return cells;
  for (std::int64_t j = 0; j < problem.n; ++j) {
    for (std::int64_t l = 0; l < problem.k; ++l)
      cells[static_cast<std::size_t>(j * problem.k + l)] =
          static_cast<std::uint32_t>(problem.rhs[static_cast<std::size_t>(l * problem.n + j)]);
  }
  return cells;
}

/// of(matrix) for all of them.
template <class T, class Of>
T joined(const BatchProblem& problem, const Of& of) {
  T all;
  for (const GemmProblem& matrix : problem.matrices) {
    const T part = of(matrix);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

BatchLayouts random_layouts(Random& random) {
  constexpr BatchLayout kInputs[] = {BatchLayout::kShared, BatchLayout::kOneByOne,
                                     BatchLayout::kSideBySide};
  constexpr BatchLayout kOutputs[] = {BatchLayout::kOneByOne, BatchLayout::kSideBySide};
  return {random.pick(kInputs), random.pick(kInputs), random.pick(kOutputs)};
}

BatchProblem random_batch(Random& random, BatchLayouts layouts, std::int64_t count, std::int64_t m,
                          std::int64_t n, std::int64_t k, Types types) {
  BatchProblem problem;
  problem.layouts = layouts;
  problem.gap = random.chance(50) ? 0 : random.integer(1, 70);
  GemmProblem matrix = random_gemm(random, m, n, k, types);
  matrix.lhs_gap = random.integer(0, 1) * random.integer(0, 20);
  matrix.rhs_gap = random.integer(0, 1) * random.integer(0, 20);
  matrix.out_gap = random.integer(0, 1) * random.integer(0, 20);
  problem.scale_each = types.out != DataType::kS32 && random.chance(50);
  if (problem.scale_each) matrix.epilogue.scale.resize(1);
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) {
      const GemmProblem& first = problem.matrices[0];
      fill_operands(random, matrix);
      if (layouts.lhs == BatchLayout::kShared) matrix.lhs = first.lhs;
      if (layouts.rhs == BatchLayout::kShared) matrix.rhs = first.rhs;
      if (problem.scale_each)
        matrix.epilogue.scale[0] = first.epilogue.scale[0] * random.real(0.3f, 3);
    }
    problem.matrices.push_back(matrix);
  }
  return problem;
}

Cells reference_batch(const BatchProblem& problem) {
  return joined<Cells>(problem, reference_gemm);
}

std::string describe(const BatchProblem& problem) {
  const auto layout = [](BatchLayout value) { return std::to_string(static_cast<int>(value)); };
  return std::to_string(problem.matrices.size()) + " of " + describe(problem.matrices[0]) +
         ", layouts " + layout(problem.layouts.lhs) + layout(problem.layouts.rhs) +
         layout(problem.layouts.out) + ", gap " + std::to_string(problem.gap) +
         (problem.scale_each ? ", a scale each" : "");
}

Cells run_batch(const BatchProblem& problem, std::string_view isa, Placement placement,
                Executor* executor) {
  const GemmProblem& first = problem.matrices[0];
  const auto count = static_cast<std::int64_t>(problem.matrices.size());
  BatchTensor lhs(first.lhs_type, problem.layouts.lhs, count, first.m, first.k, first.lhs_gap,
                  problem.gap, placement);
  BatchTensor rhs(first.rhs_type, problem.layouts.rhs, count,
                  first.rhs_transposed ? first.n : first.k,
                  first.rhs_transposed ? first.k : first.n, first.rhs_gap, problem.gap, placement);
  const BatchTensor out(first.epilogue.type, problem.layouts.out, count, first.m, first.n,
                        first.out_gap, problem.gap, placement);
  lhs.store_input(joined<Cells>(problem, lhs_of));
  rhs.store_input(joined<Cells>(problem, rhs_of));
  out.seal_output();

  OwnedEpilogue owned = first.epilogue;
  if (problem.scale_each)
    owned.scale =
        joined<std::vector<float>>(problem, [](const GemmProblem& p) { return p.epilogue.scale; });
  GuardedEpilogue epilogue(owned, placement);
  const GuardedArray<std::int32_t> rhs_zero_point(first.rhs_zero_point, placement);
  GemmConfig config = {.lhs_type = first.lhs_type,
                       .lhs_zero_point = first.lhs_zero_point,
                       .rhs_zero_point = rhs_zero_point.span(),
                       .rhs_transposed = first.rhs_transposed,
                       .epilogue = epilogue.epilogue,
                       .max_isa = isa};
  GemmBatch batch = {count, lhs.stride, rhs.stride, out.stride, 0, {}};
  if (problem.scale_each) std::swap(batch.scale, config.epilogue.scale);
  const auto& added = first.epilogue.residual;
  BatchTensor residual(added ? added->type : DataType::kS8, problem.layouts.residual,
                       added ? count : 0, first.m, first.n, first.residual_gap, problem.gap,
                       placement);
  if (added) {
    residual.store_input(joined<Cells>(
        problem, [](const GemmProblem& p) { return Cells(p.residual.begin(), p.residual.end()); }));
    batch.residual_stride = residual.stride;
  }

  const GuardedScratch scratch(batched_gemm_scratch_bytes(config, batch, first.m, first.n, first.k,
                                                          executor ? executor->threads() : 1),
                               placement);
  const Status status =
      batched_gemm(config, batch, as_const(lhs.view), as_const(rhs.view), out.view,
                   {scratch.bytes(), executor}, added ? as_const(residual.view) : ConstMatrix{});
  EXPECT_TRUE(status.ok()) << status.message();
  return out.load();
}

}  // namespace octet::test
