#include "operators/columns.hpp"

#include <algorithm>

#include "dispatch/column_shuffles.hpp"

namespace octet {

void ColumnOrder::make(const std::uint8_t* const* lines, std::int64_t columns,
                       std::uint8_t* out) const {
  ColumnArgs args;
  std::copy_n(lines, line_count, args.lines);
  args.line_count = line_count;
  args.vectors = (columns * column_bytes() + vector_bytes - 1) / vector_bytes;
  args.out = out;
  args.order = order;
  args.offsets = offsets;
  args.period = period;
  args.period_bytes = period_bytes;
  kernel(args);
}

bool make_column_order(const KernelTable& kernels, std::int64_t line_count,
                       std::int64_t pixel_bytes, AlignedBuffer<std::uint8_t>& memory,
                       ColumnOrder& order) {
  const ColumnShuffles shuffles(kernels, line_count, pixel_bytes);
  const std::int64_t order_bytes = shuffles.period() * shuffles.order_bytes();
  memory =
      allocate<std::uint8_t>(order_bytes + shuffles.period() * std::int64_t{sizeof(std::int64_t)});
  if (!memory) return false;
  auto* offsets = reinterpret_cast<std::int64_t*>(memory.get() + order_bytes);
  for (std::int64_t v = 0; v < shuffles.period(); ++v)
    shuffles.make(v, memory.get() + v * shuffles.order_bytes(), offsets[v]);
  order = {.line_count = line_count,
           .pixel_bytes = pixel_bytes,
           .kernel = kernels.elements->make_columns,
           .order = memory.get(),
           .offsets = offsets,
           .period = shuffles.period(),
           .period_bytes = shuffles.period_bytes(),
           .vector_bytes = shuffles.vector_bytes()};
  return true;
}

}  // namespace octet
