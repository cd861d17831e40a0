/// Calls of octet's operators on seeded operands, by name: what is checked, timed and counted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "octet/octet.hpp"

namespace octet::selfcheck {

enum class Work : std::uint8_t { kGemm, kOneShot, kConvolution, kQuantize };

struct Case {
  const char* name;
  Work work;
  std::int64_t m = 0, n = 0, k = 0;  ///< Of a GEMM; m elements are quantized.
  DataType lhs_type = DataType::kU8;
  /// Of a convolution of a square image.
  std::int64_t size = 0, in_channels = 0, out_channels = 0, kernel = 0, stride = 0, groups = 0;
  DataType rhs_type = DataType::kS8;
  DataType out_type = DataType::kU8;
};

/// What stands for real work. Multiply-accumulates (quantize: elements) of one run:
std::span<const Case> typical_cases();
double work_of(const Case& c);

/// Odd sizes, all forms of operators, all types: what is compared between ISAs.
std::vector<Case> awkward_cases();

/// A case, created with the ISA and ready to run; it stays where it is.
class Call {
 public:
  Call(const Case& c, std::string_view isa);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// False if octet refuses; error() then says why.
  bool run();
  std::string_view error() const { return status_.message(); }
  std::span<const std::uint8_t> result() const { return out_; }

 private:
  void prepare_gemm();
  void prepare_convolution();
  Status run_gemm();
  Status run_convolution();
  Status run_quantize();
  GemmConfig gemm_config() const;

  Case case_;
  std::string isa_;
  Status status_;
  std::vector<std::uint8_t> lhs_, rhs_, out_;
  std::vector<float> reals_, scale_;
  std::int32_t rhs_zero_point_ = 0;
  Gemm gemm_;
  Convolution convolution_;
  Workspace workspace_;
  std::span<std::byte> scratch_;
};

}  // namespace octet::selfcheck
