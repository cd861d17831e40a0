/// How octet does a call, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "octet/types.hpp"

namespace octet {

/// What the `explain` of an operator returns. With OCTET_VERBOSE=1 in the environment at octet's
/// first call, every create and run prints it to stderr, with its time, operations per second and
/// their share of what the dot product of the ISA does on registers alone.
struct Explanation {
  std::string_view operation = {};  ///< "gemm", "one_shot_gemm", "convolution", ...
  char shape[128] = "";             ///< The sizes, as text.
  DataType in_type = DataType::kU8, weights_type = DataType::kS8, out_type = DataType::kS32;
  std::string_view isa = {};

  std::string_view form = {};    ///< Where the rows of the tiles come from; see docs/design.md.
  std::string_view reason = {};  ///< Why so.
  bool staged = false;         ///< Rows are copied to scratch first, as the dot product takes them.
  std::int64_t tile_rows = 0;  ///< Of the tallest tile.
  std::int64_t tile_columns = 0;
  std::int64_t panels = 0;  ///< Of packed weights, of one group.

  int threads = 1;               ///< Of the executor; 1 without one.
  double start_us = 0;           ///< What they cost, Executor::start_us.
  std::int64_t row_parts = 1;    ///< Tasks are a grid of so many parts of the rows
  std::int64_t panel_parts = 1;  ///< by so many of the panels.

  double operations = 0;  ///< 2 per product, padded pixels included; 0 where nothing is multiplied.
  double bytes = 0;       ///< Of the operands and the result, each counted once.
  std::size_t packed_bytes = 0;
  std::size_t scratch_bytes = 0;

  std::int64_t tasks() const { return row_parts * panel_parts; }
};

}  // namespace octet
