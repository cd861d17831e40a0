#include "octet/quantize.hpp"

#include <algorithm>

#include "dispatch/registry.hpp"
#include "dispatch/schedule.hpp"
#include "operators/fused_epilogue.hpp"
#include "operators/packed_weights.hpp"
#include "operators/tasks.hpp"
#include "operators/validate.hpp"
#include "operators/verbose.hpp"

namespace octet {
namespace {

Status check_operands(const QuantizeConfig& config, const ConstMatrix& in, const Matrix& out,
                      DataType quantized) {
  OCTET_RETURN_IF_ERROR(check_matrix("in", in));
  OCTET_RETURN_IF_ERROR(check_matrix("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("out.rows", out.rows, in.rows, "in.rows"));
  OCTET_RETURN_IF_ERROR(check_equal("out.columns", out.columns, in.columns, "in.columns"));
  OCTET_RETURN_IF_ERROR(check_scales("scale", config.scale, in.columns));
  return check_zero_points("zero_point", config.zero_point, in.columns, quantized);
}

std::int64_t tasks_for(const ConstMatrix& in, const Threads& threads) {
  constexpr double kElementsPerNs = 10;  // quantize 7, requantize 11, dequantize 15
  return plan_parts(static_cast<double>(in.rows) * static_cast<double>(in.columns) / kElementsPerNs,
                    threads);
}

Explanation explain_elements(std::string_view operation, const KernelTable& kernels,
                             const ConstMatrix& in, const Matrix& out, const Executor* executor) {
  Explanation made;
  made.operation = operation;
  set_shape(made, "%lldx%lld", static_cast<long long>(in.rows), static_cast<long long>(in.columns));
  made.in_type = in.type;
  made.out_type = out.type;
  made.isa = kernels.name;
  explain_threads(made, threads_of(executor));
  made.row_parts = tasks_for(in, threads_of(executor));
  made.bytes = static_cast<double>(in.rows) * static_cast<double>(in.columns) *
               static_cast<double>(size_of(in.type) + size_of(out.type));
  return made;
}

/// run(in, out, columns) for runs of elements, split over the executor's threads. Rows that lie
/// back to back are one run if nothing depends on the column.
template <class Run>
void for_each_run(const ConstMatrix& in, const Matrix& out, bool per_column, Executor* executor,
                  const Run& run) {
  std::int64_t rows = in.rows, columns = in.columns;
  const bool contiguous = in.row_stride == columns && out.row_stride == columns;
  const std::int64_t tasks = tasks_for(in, threads_of(executor));
  const auto call = [&](std::int64_t row, std::int64_t column, std::int64_t count) {
    run(static_cast<const std::byte*>(in.data) + (row * in.row_stride + column) * size_of(in.type),
        static_cast<std::byte*>(out.data) + (row * out.row_stride + column) * size_of(out.type),
        count);
  };
  if (rows == 0) return;
  run_tasks(executor, tasks, [&](std::int64_t task) {
    if (contiguous && !per_column) {
      const std::int64_t first = part_begin(rows * columns, tasks, task);
      call(0, first, part_begin(rows * columns, tasks, task + 1) - first);
      return;
    }
    const std::int64_t end = part_begin(rows, tasks, task + 1);
    for (std::int64_t row = part_begin(rows, tasks, task); row < end; ++row) call(row, 0, columns);
  });
}

void convert(ConvertFn kernel, const QuantizeConfig& config, const ConstMatrix& in,
             const Matrix& out, Executor* executor) {
  ConvertArgs args = {};
  args.in_type = in.type;
  args.out_type = out.type;
  args.scale_step = config.scale.size() > 1 ? 1 : 0;
  args.zero_point_step = config.zero_point.size() > 1 ? 1 : 0;
  args.scale = config.scale.data();
  args.zero_point = config.zero_point.empty() ? nullptr : config.zero_point.data();
  for_each_run(in, out, args.scale_step + args.zero_point_step > 0, executor,
               [&](const void* from, void* to, std::int64_t count) {
                 ConvertArgs run = args;
                 run.in = from;
                 run.out = to;
                 run.count = count;
                 kernel(run);
               });
}

}  // namespace

Status quantize(const QuantizeConfig& config, const ConstMatrix& in, const Matrix& out,
                Executor* executor) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_type("in.type", in.type, DataType::kF32));
  OCTET_RETURN_IF_ERROR(check_8bit("out.type", out.type));
  OCTET_RETURN_IF_ERROR(check_operands(config, in, out, out.type));
  convert(kernels->elements->quantize, config, in, out, executor);
  call.end_run([&] { return explain_elements("quantize", *kernels, in, out, executor); });
  return {};
}

Status dequantize(const QuantizeConfig& config, const ConstMatrix& in, const Matrix& out,
                  Executor* executor) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(config.max_isa, kernels));
  if (in.type != DataType::kS32) OCTET_RETURN_IF_ERROR(check_8bit("in.type", in.type));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, DataType::kF32));
  OCTET_RETURN_IF_ERROR(check_operands(config, in, out, in.type));
  if (in.type == DataType::kS32) {
    for (const std::int32_t zero_point : config.zero_point) {
      if (zero_point != 0)
        return Status::invalid_argument("zero_point is %d, but must be 0 for an s32 input",
                                        zero_point);
    }
  }
  convert(kernels->elements->dequantize, config, in, out, executor);
  call.end_run([&] { return explain_elements("dequantize", *kernels, in, out, executor); });
  return {};
}

Status requantize(const Epilogue& epilogue, const ConstMatrix& in, const Matrix& out,
                  Executor* executor, std::string_view max_isa) noexcept {
  const VerboseCall call;
  const KernelTable* kernels = nullptr;
  OCTET_RETURN_IF_ERROR(choose_kernels(max_isa, kernels));
  OCTET_RETURN_IF_ERROR(check_type("in.type", in.type, DataType::kS32));
  OCTET_RETURN_IF_ERROR(check_type("out.type", out.type, epilogue.type));
  if (epilogue.type == DataType::kS32)
    return Status::invalid_argument("epilogue.type is s32, but must be s8, u8 or f32");
  OCTET_RETURN_IF_ERROR(check_matrix("in", in));
  OCTET_RETURN_IF_ERROR(check_matrix("out", as_const(out)));
  OCTET_RETURN_IF_ERROR(check_equal("out.rows", out.rows, in.rows, "in.rows"));
  OCTET_RETURN_IF_ERROR(check_equal("out.columns", out.columns, in.columns, "in.columns"));
  OCTET_RETURN_IF_ERROR(check_epilogue(epilogue, in.columns));
  if (epilogue.residual)
    return Status::invalid_argument("epilogue.residual must be empty: requantize adds none");

  const EpilogueTerms terms = uniform_terms(epilogue);
  RequantizeArgs args = {};
  args.scale_step = epilogue.scale.size() > 1 ? 1 : 0;
  args.scale = epilogue.scale.data();
  args.bias = epilogue.bias.empty() ? nullptr : epilogue.bias.data();
  args.type = terms.type;
  args.min = terms.min;
  args.max = terms.max;
  args.zero_point = terms.zero_point;
  const FusedEpilogue fused(epilogue);
  for_each_run(in, out, args.scale_step > 0 || args.bias != nullptr, executor,
               [&](const void* from, void* to, std::int64_t count) {
                 RequantizeArgs run = args;
                 run.in = static_cast<const std::int32_t*>(from);
                 run.out = to;
                 run.count = count;
                 kernels->elements->requantize(run);
                 fused.look_up(*kernels, &to, 1, 0, count);
               });
  call.end_run([&] { return explain_elements("requantize", *kernels, in, out, executor); });
  return {};
}

}  // namespace octet
