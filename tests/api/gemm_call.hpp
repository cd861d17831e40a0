/// A small valid multiplication, for tests that break it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "octet/octet.hpp"

namespace octet::test {

/// A valid multiplication [2, 3] x [3, 5], and everything it refers to.
struct GemmCall {
  std::vector<std::uint8_t> lhs_data = std::vector<std::uint8_t>(6, 1);
  std::vector<std::int8_t> rhs_data = std::vector<std::int8_t>(15, 1);
  // Four bytes for each element: a type that is wrongly accepted shall not crash the test.
  std::vector<std::uint8_t> out_data = std::vector<std::uint8_t>(40, 0xA5);
  std::vector<float> scale = std::vector<float>(5, 1.0f);
  std::vector<std::int32_t> bias = std::vector<std::int32_t>(5, 0);
  std::vector<std::int32_t> rhs_zero_point = std::vector<std::int32_t>(5, 0);
  GemmConfig config = {.rhs_zero_point = rhs_zero_point,
                       .epilogue = {.type = DataType::kU8, .scale = scale, .bias = bias}};
  ConstMatrix lhs = const_matrix(lhs_data.data(), 2, 3);
  ConstMatrix rhs = const_matrix(rhs_data.data(), 3, 5);
  Matrix out = matrix(out_data.data(), 2, 5);
  std::vector<std::int8_t> residual_data = std::vector<std::int8_t>(10, 1);
  std::vector<std::byte> table = std::vector<std::byte>(256);
  ConstMatrix residual = {};

  GemmCall() = default;
  GemmCall(const GemmCall&) = delete;

  /// Still valid: with a residual [2, 5] and a table.
  void fuse() {
    config.epilogue.residual = {DataType::kS8, 0.5f, 0};
    config.epilogue.table = table;
    residual = const_matrix(residual_data.data(), 2, 5);
  }
  bool result_is(std::uint8_t value) const {
    return std::ranges::count(std::span(out_data).first(10), value) == 10;
  }
  Status create(Gemm& gemm) const { return Gemm::create(config, rhs, gemm); }
  Status create_and_run() const {
    Gemm gemm;
    if (Status status = create(gemm); !status.ok()) return status;
    Workspace workspace;
    return gemm.run(lhs, out, {workspace.reserve(gemm.scratch_bytes(2))}, residual);
  }
  Status one_shot() const {
    Workspace workspace;
    return gemm(config, lhs, rhs, out, {workspace.reserve(gemm_scratch_bytes(config, 2, 5, 3))},
                residual);
  }
};

}  // namespace octet::test
