// Runs one operator a number of times, for whoever counts its instructions.
//
//   octet_cost               lists the cases: a name, and the multiply-accumulates (or elements) of
//   a run octet_cost NAME RUNS     runs one; OCTET_MAX_ISA chooses the kernels
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "octet/octet.hpp"

namespace {

using octet::DataType;

enum class Work : std::uint8_t { kGemm, kOneShot, kConvolution, kQuantize };

struct Case {
  const char* name;
  Work work;
  std::int64_t m = 0, n = 0, k = 0;  ///< Of a GEMM; m elements are quantized.
  DataType lhs_type = DataType::kU8;
  /// Of a convolution of a square image.
  std::int64_t size = 0, in_channels = 0, out_channels = 0, kernel = 0, stride = 0, groups = 0;
};

constexpr Case convolution(const char* name, std::int64_t size, std::int64_t in_channels,
                           std::int64_t out_channels, std::int64_t kernel, std::int64_t stride,
                           std::int64_t groups) {
  return {.name = name,
          .work = Work::kConvolution,
          .size = size,
          .in_channels = in_channels,
          .out_channels = out_channels,
          .kernel = kernel,
          .stride = stride,
          .groups = groups};
}

constexpr Case kCases[] = {
    {"gemm 48x768x768 u8", Work::kGemm, 48, 768, 768},
    {"gemm 48x768x768 s8", Work::kGemm, 48, 768, 768, DataType::kS8},
    {"gemm 64x64x64", Work::kGemm, 64, 64, 64},
    {"gemm 37x65x129", Work::kGemm, 37, 65, 129},
    {"gemm 16x16x16", Work::kGemm, 16, 16, 16},
    {"gemm 1x512x512", Work::kGemm, 1, 512, 512},
    {"one-shot gemm 48x256x256", Work::kOneShot, 48, 256, 256},
    convolution("3x3, 64 to 64 channels, 14x14", 14, 64, 64, 3, 1, 1),
    convolution("1x1, 32 to 64 channels, 14x14", 14, 32, 64, 1, 1, 1),
    convolution("3x3s2, 3 to 32 channels, 32x32", 32, 3, 32, 3, 2, 1),
    convolution("depthwise 3x3, 64 channels, 14x14", 14, 64, 64, 3, 1, 64),
    {"quantize 4096", Work::kQuantize, 4096},
};

std::int64_t out_size(const Case& c) {
  return (c.size + 2 * (c.kernel / 2) - c.kernel) / c.stride + 1;
}

double work_of(const Case& c) {
  if (c.work == Work::kQuantize) return static_cast<double>(c.m);
  if (c.work != Work::kConvolution) return static_cast<double>(c.m * c.n * c.k);
  return static_cast<double>(out_size(c) * out_size(c) * c.out_channels * c.kernel * c.kernel *
                             (c.in_channels / c.groups));
}

std::vector<std::uint8_t> bytes(std::int64_t count) {
  std::vector<std::uint8_t> data(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 37);
  return data;
}

const octet::Epilogue kEpilogue = [] {
  static const float scale[] = {0.001f};
  return octet::Epilogue{.type = DataType::kU8, .scale = scale, .zero_point = 7};
}();

void run_gemm(const Case& c, int runs) {
  const auto lhs = bytes(c.m * c.k), rhs = bytes(c.k * c.n);
  auto out = bytes(c.m * c.n);
  const octet::GemmConfig config{.lhs_type = c.lhs_type, .epilogue = kEpilogue};
  const octet::ConstMatrix lhs_view{lhs.data(), c.lhs_type, c.m, c.k, c.k};
  const octet::ConstMatrix rhs_view{rhs.data(), DataType::kS8, c.k, c.n, c.n};
  const octet::Matrix out_view{out.data(), DataType::kU8, c.m, c.n, c.n};
  octet::Workspace workspace;
  bool good = true;
  if (c.work == Work::kGemm) {
    octet::Gemm gemm;
    good = octet::Gemm::create(config, rhs_view, gemm).ok();
    const auto scratch = workspace.reserve(gemm.scratch_bytes(c.m));
    for (int i = 0; i < runs; ++i) good = good && gemm.run(lhs_view, out_view, {scratch}).ok();
  } else {
    const auto scratch = workspace.reserve(octet::gemm_scratch_bytes(config, c.m, c.n, c.k, 1));
    for (int i = 0; i < runs; ++i)
      good = good && octet::gemm(config, lhs_view, rhs_view, out_view, {scratch}).ok();
  }
  if (!good) std::abort();
}

void run_convolution(const Case& c, int runs) {
  const std::int64_t pad = c.kernel / 2, size = out_size(c);
  const octet::ConvolutionConfig config{.in_type = c.lhs_type,
                                        .in_channels = c.in_channels,
                                        .out_channels = c.out_channels,
                                        .kernel_h = c.kernel,
                                        .kernel_w = c.kernel,
                                        .stride_h = c.stride,
                                        .stride_w = c.stride,
                                        .pad_top = pad,
                                        .pad_left = pad,
                                        .pad_bottom = pad,
                                        .pad_right = pad,
                                        .groups = c.groups,
                                        .epilogue = kEpilogue};
  const auto weights = bytes(c.out_channels * c.kernel * c.kernel * (c.in_channels / c.groups));
  const auto in = bytes(c.size * c.size * c.in_channels);
  auto out = bytes(size * size * c.out_channels);
  const octet::ConstImages in_view{in.data(),
                                   c.lhs_type,
                                   1,
                                   c.size,
                                   c.size,
                                   c.in_channels,
                                   c.in_channels,
                                   c.size * c.in_channels,
                                   c.size * c.size * c.in_channels};
  const octet::Images out_view{out.data(),
                               DataType::kU8,
                               1,
                               size,
                               size,
                               c.out_channels,
                               c.out_channels,
                               size * c.out_channels,
                               size * size * c.out_channels};
  octet::Convolution convolution;
  bool good = octet::Convolution::create(config, weights.data(), convolution).ok();
  octet::Workspace workspace;
  const auto scratch = workspace.reserve(convolution.scratch_bytes(1, c.size, c.size));
  for (int i = 0; i < runs; ++i) good = good && convolution.run(in_view, out_view, {scratch}).ok();
  if (!good) std::abort();
}

void run_quantize(const Case& c, int runs) {
  std::vector<float> in(static_cast<std::size_t>(c.m), 12.25f);
  auto out = bytes(c.m);
  const float scale[] = {0.5f};
  for (int i = 0; i < runs; ++i) {
    if (!octet::quantize({.scale = scale}, {in.data(), DataType::kF32, 1, c.m, c.m},
                         {out.data(), DataType::kU8, 1, c.m, c.m})
             .ok())
      std::abort();
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const Case& c : kCases) {
    if (argc < 3) {
      std::printf("%.0f %s\n", work_of(c), c.name);
    } else if (c.name == std::string_view(argv[1])) {
      const int runs = std::atoi(argv[2]);
      if (c.work == Work::kQuantize) {
        run_quantize(c, runs);
      } else if (c.work == Work::kConvolution) {
        run_convolution(c, runs);
      } else {
        run_gemm(c, runs);
      }
      return 0;
    }
  }
  return argc < 3 ? 0 : 1;
}
