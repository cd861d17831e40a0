/// oneDNN behind one small interface: the reference for validation and the opponent in benchmarks.
/// Built against oneDNN 3.x or 2.x (cmake/OneDNN.cmake chooses); no part of the library.
///
/// Everything is created once and run many times, as an engine would. A primitive keeps the number
/// of threads that it was created with and is to be run by one thread at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "octet/types.hpp"

namespace octet::onednn {

/// Of the library that is loaded: "3.6.2".
std::string version();

/// Threads of the primitives that the calling thread creates and runs from now on. After a run on
/// several, idle OpenMP threads spin for about a millisecond: do not time anything else in it.
void set_threads(int count);

/// Makes oneDNN use no more than octet's ISA of that name does: "avx_vnni", "avx2" or "scalar"
/// (SSE4.1 at least). "avx512_vnni", octet's best, leaves oneDNN all that the host has.
/// Must come before the first create; false: too late, or a name that oneDNN has no match for.
/// At "avx2" and "scalar" its sums saturate at 16 bits: it is an opponent there, not a reference.
bool cap_isa(std::string_view octet_isa);

/// What becomes of the int32 sum of output column (or channel) n:
///
///   s32:     sum + bias[n]
///   f32:     clamp(scale[n] * (sum + bias[n]), min, max)
///   s8, u8:  clamp(round(scale[n] * (sum + bias[n])) + zero_point, min, max), ties to even
///
/// which is octet's formula. oneDNN's own result differs from it in three cases:
/// - s32 with a bias or an rhs zero point (u8 rhs) goes through float32: exact up to 2^24;
/// - 3.x scales sum and bias apart: with a bias and a scale that is no power of two, the last bit
///   of a float differs, and about one 8-bit result in 50 000 is one off;
/// - it rounds after it has added the zero point: at a tie an odd one can give one off.
struct Epilogue {
  DataType out_type = DataType::kS32;
  std::vector<float> scale;                             ///< [N] or [1]; empty for s32.
  std::vector<std::int32_t> bias;                       ///< [N], in units of the sum, or empty.
  std::int32_t zero_point = 0;                          ///< Of an 8-bit output.
  float min = -std::numeric_limits<float>::infinity();  ///< Whole numbers for an 8-bit output;
  float max = std::numeric_limits<float>::infinity();   ///< infinite for s32.
};

struct GemmProblem {
  std::int64_t batch = 1;  ///< Matrices of each operand, one after the other.
  std::int64_t m = 0, n = 0, k = 0;
  DataType lhs = DataType::kU8;
  DataType rhs = DataType::kS8;
  std::int32_t lhs_zero_point = 0;
  std::int32_t rhs_zero_point = 0;
  bool rhs_transposed = false;  ///< [N, K] as it lies.
  bool pack_rhs = true;         ///< oneDNN chooses the layout of rhs; false: as it lies, each run.
  Epilogue epilogue;
};

/// NHWC activations as they lie, OHWI weights, padding with the input's zero point.
struct ConvProblem {
  std::int64_t batch = 1, in_h = 0, in_w = 0, in_channels = 0, out_channels = 0;
  std::int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::int64_t dilation_h = 1, dilation_w = 1;  ///< 1 is dense.
  std::int64_t groups = 1;
  DataType in = DataType::kU8;
  DataType weights = DataType::kS8;
  std::int32_t in_zero_point = 0;
  Epilogue epilogue;

  std::int64_t out_h() const {
    return (in_h + pad_top + pad_bottom - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
  }
  std::int64_t out_w() const {
    return (in_w + pad_left + pad_right - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
  }
};

/// A created oneDNN primitive with its weights.
class Primitive {
 public:
  ~Primitive();

  /// Sets the two addresses, executes and waits. `in` and `out` must not overlap.
  void run(const void* in, void* out);

  /// oneDNN's own name of what it chose: "brg_matmul:avx512_core_vnni"; "ref..." is a plain loop.
  std::string implementation() const;

  struct State;

 protected:
  explicit Primitive(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

// Every create() returns null where oneDNN cannot do what is asked, and says why in `*error`.

/// out [M, N] = epilogue((lhs [M, K] - lhs_zero_point) x (rhs [K, N] - rhs_zero_point)), row-major.
class Gemm : public Primitive {
 public:
  /// `rhs` is copied if `pack_rhs`; otherwise it is read in place by every run.
  static std::unique_ptr<Gemm> create(const GemmProblem& problem, const void* rhs,
                                      std::string* error);

 private:
  using Primitive::Primitive;
};

/// out [batch, out_h, out_w, out_channels] from in [batch, in_h, in_w, in_channels].
class Conv : public Primitive {
 public:
  /// `weights` [out_channels, kernel_h, kernel_w, in_channels / groups] are copied.
  static std::unique_ptr<Conv> create(const ConvProblem& problem, const void* weights,
                                      std::string* error);

 private:
  using Primitive::Primitive;
};

/// out [batch, out_h, out_w, out_channels] from in [batch, in_h, in_w, in_channels]: what `Conv`
/// with these sizes and strides would read the one from the other.
class TransposedConv : public Primitive {
 public:
  /// `weights` [out_channels, kernel_h, kernel_w, in_channels / groups] are copied. The sizes of
  /// the output come with the call; the pads are what is left out of it.
  static std::unique_ptr<TransposedConv> create(const ConvProblem& problem, std::int64_t out_h,
                                                std::int64_t out_w, const void* weights,
                                                std::string* error);

 private:
  using Primitive::Primitive;
};

/// The float32 convolution with the same layouts; of `problem` only the geometry counts.
class FloatConv : public Primitive {
 public:
  /// `weights` as in Conv and `bias` [out_channels] are copied.
  static std::unique_ptr<FloatConv> create(const ConvProblem& problem, const float* weights,
                                           const float* bias, bool relu, std::string* error);

 private:
  using Primitive::Primitive;
};

/// The maximum or the average, padding left out, of windows with the geometry of `problem`; u8, s8
/// or f32.
class Pool : public Primitive {
 public:
  static std::unique_ptr<Pool> create(const ConvProblem& problem, DataType type, bool average,
                                      std::string* error);

 private:
  using Primitive::Primitive;
};

/// out [M, N] = lhs [M, K] x rhs [K, N] + bias [N], float32; `rhs` and `bias` are copied.
class FloatGemm : public Primitive {
 public:
  static std::unique_ptr<FloatGemm> create(std::int64_t m, std::int64_t n, std::int64_t k,
                                           const float* rhs, const float* bias, std::string* error);

 private:
  using Primitive::Primitive;
};

}  // namespace octet::onednn
