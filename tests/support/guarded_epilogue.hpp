/// An OwnedEpilogue as the library takes it, over guarded arrays.
#pragma once

#include "octet/octet.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

namespace octet::test {

struct GuardedEpilogue {
  GuardedEpilogue(const OwnedEpilogue& owned, Placement placement)
      : scale(owned.scale, placement),
        bias(owned.bias, placement),
        table(owned.table, placement),
        epilogue{.type = owned.type,
                 .scale = scale.span(),
                 .bias = bias.span(),
                 .zero_point = owned.zero_point,
                 .min = owned.min,
                 .max = owned.max,
                 .residual = owned.residual,
                 .table = std::as_bytes(table.span())} {}

  GuardedArray<float> scale;
  GuardedArray<std::int32_t> bias;
  GuardedArray<std::uint8_t> table;
  Epilogue epilogue;
};

}  // namespace octet::test
