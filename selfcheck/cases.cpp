#include "cases.hpp"

namespace octet::selfcheck {
namespace {

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

constexpr Case kTypical[] = {
    {"gemm 512x512x512", Work::kGemm, 512, 512, 512},
    {"gemm 48x768x768 u8", Work::kGemm, 48, 768, 768},
    {"gemm 48x768x768 s8", Work::kGemm, 48, 768, 768, DataType::kS8},
    {"gemm 64x64x64", Work::kGemm, 64, 64, 64},
    {"gemm 37x65x129", Work::kGemm, 37, 65, 129},
    {"gemm 16x16x16", Work::kGemm, 16, 16, 16},
    {"gemm 1x512x512", Work::kGemm, 1, 512, 512},
    {"gemm 1x4096x4096", Work::kGemm, 1, 4096, 4096},
    {"one-shot gemm 48x256x256", Work::kOneShot, 48, 256, 256},
    convolution("3x3, 64 to 64 channels, 14x14", 14, 64, 64, 3, 1, 1),
    convolution("1x1, 32 to 64 channels, 14x14", 14, 32, 64, 1, 1, 1),
    convolution("3x3s2, 3 to 32 channels, 32x32", 32, 3, 32, 3, 2, 1),
    convolution("depthwise 3x3, 64 channels, 14x14", 14, 64, 64, 3, 1, 64),
    {"quantize 4096", Work::kQuantize, 4096},
};

constexpr Case kAwkward[] = {
    {"gemm 1x1x1", Work::kGemm, 1, 1, 1},
    {"gemm 5x17x3", Work::kGemm, 5, 17, 3},
    {"gemm 37x65x129", Work::kGemm, 37, 65, 129},
    {"gemm 13x100x70", Work::kGemm, 13, 100, 70},
    {"gemm 300x40x31", Work::kGemm, 300, 40, 31},
    {"gemm 2x9x1031", Work::kGemm, 2, 9, 1031},
    {"gemm 3x1x515", Work::kGemm, 3, 1, 515},
    {"one-shot gemm 29x70x130", Work::kOneShot, 29, 70, 130},
    convolution("3x3, 20 to 40 channels", 9, 20, 40, 3, 1, 1),
    convolution("3x3s2, 3 to 33 channels", 11, 3, 33, 3, 2, 1),
    convolution("1x1, 35 to 70 channels", 7, 35, 70, 1, 1, 1),
    convolution("3x3, groups of 4 channels", 8, 24, 24, 3, 1, 6),
    convolution("5x5s2, 3 groups", 9, 21, 51, 5, 2, 3),
    convolution("depthwise 3x3, 37 channels", 10, 37, 37, 3, 1, 37),
    convolution("depthwise 5x5s2, 20 channels", 13, 20, 20, 5, 2, 20),
    {"quantize 1001", Work::kQuantize, 1001},
};

/// Seeded, the same on every machine: full range, and one in eight at an end of it.
std::vector<std::uint8_t> random_bytes(std::int64_t count, std::uint32_t seed) {
  constexpr std::uint8_t kEnds[] = {0x00, 0x7F, 0x80, 0xFF};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
  for (std::uint8_t& byte : bytes) {
    seed = seed * 1664525u + 1013904223u;
    byte = seed >> 29 == 0 ? kEnds[seed >> 16 & 3] : static_cast<std::uint8_t>(seed >> 20);
  }
  return bytes;
}

std::int64_t out_size(const Case& c) {
  return (c.size + 2 * (c.kernel / 2) - c.kernel) / c.stride + 1;
}

std::int64_t out_channels(const Case& c) {
  return c.work == Work::kConvolution ? c.out_channels : c.n;
}

/// Products in a sum.
std::int64_t depth(const Case& c) {
  return c.work == Work::kConvolution ? c.kernel * c.kernel * (c.in_channels / c.groups) : c.k;
}

std::int64_t outputs(const Case& c) {
  if (c.work == Work::kQuantize) return c.m;
  if (c.work == Work::kConvolution) return out_size(c) * out_size(c) * c.out_channels;
  return c.m * c.n;
}

std::int64_t bytes_of(DataType type) {
  return type == DataType::kU8 || type == DataType::kS8 ? 1 : 4;
}

}  // namespace

std::span<const Case> typical_cases() { return kTypical; }

double work_of(const Case& c) {
  const std::int64_t products = c.work == Work::kQuantize ? 1 : depth(c);
  return static_cast<double>(outputs(c)) * static_cast<double>(products);
}

std::vector<Case> awkward_cases() {
  std::vector<Case> cases;
  for (Case c : kAwkward) {
    for (const DataType lhs : {DataType::kU8, DataType::kS8}) {
      for (const DataType rhs : {DataType::kU8, DataType::kS8}) {
        for (const DataType out : {DataType::kS32, DataType::kF32, DataType::kU8, DataType::kS8}) {
          if (c.work == Work::kQuantize && out != lhs) continue;
          c.lhs_type = lhs;
          c.rhs_type = rhs;
          c.out_type = out;
          cases.push_back(c);
        }
      }
    }
  }
  return cases;
}

Call::Call(const Case& c, std::string_view isa) : case_(c), isa_(isa) {
  out_.resize(static_cast<std::size_t>(outputs(c) * bytes_of(c.out_type)));
  if (c.work == Work::kQuantize) {
    for (const std::uint8_t byte : random_bytes(c.m, 3))
      reals_.push_back(0.25f * static_cast<float>(byte) - 30.0f);
    scale_ = {0.5f};
    return;
  }
  // Sums of random products grow with the root of their number: most results are in range.
  float root = 1.0f;
  while (root * root < static_cast<float>(depth(c))) root *= 2.0f;
  if (c.out_type != DataType::kS32) {
    for (std::int64_t n = 0; n < out_channels(c); ++n)
      scale_.push_back(static_cast<float>(20 + n % 7) / 4096.0f / root);
  }
  rhs_zero_point_ = c.rhs_type == DataType::kU8 ? 127 : 0;
  if (c.work == Work::kConvolution) {
    prepare_convolution();
  } else {
    prepare_gemm();
  }
}

bool Call::run() {
  if (!status_.ok()) return false;
  switch (case_.work) {
    case Work::kQuantize:
      status_ = run_quantize();
      break;
    case Work::kConvolution:
      status_ = run_convolution();
      break;
    default:
      status_ = run_gemm();
  }
  return status_.ok();
}

GemmConfig Call::gemm_config() const {
  return {.lhs_type = case_.lhs_type,
          .lhs_zero_point = case_.lhs_type == DataType::kU8 ? 120 : -3,
          .rhs_zero_point = {&rhs_zero_point_, 1},
          .epilogue = {.type = case_.out_type, .scale = scale_},
          .max_isa = isa_};
}

void Call::prepare_gemm() {
  const Case& c = case_;
  lhs_ = random_bytes(c.m * c.k, 1);
  rhs_ = random_bytes(c.k * c.n, 2);
  if (c.work == Work::kOneShot) {
    scratch_ = workspace_.reserve(gemm_scratch_bytes(gemm_config(), c.m, c.n, c.k));
    return;
  }
  status_ = Gemm::create(gemm_config(), {rhs_.data(), c.rhs_type, c.k, c.n, c.n}, gemm_);
  scratch_ = workspace_.reserve(gemm_.scratch_bytes(c.m));
}

Status Call::run_gemm() {
  const Case& c = case_;
  const ConstMatrix lhs{lhs_.data(), c.lhs_type, c.m, c.k, c.k};
  const Matrix out{out_.data(), c.out_type, c.m, c.n, c.n};
  if (c.work == Work::kGemm) return gemm_.run(lhs, out, {scratch_});
  const ConstMatrix rhs{rhs_.data(), c.rhs_type, c.k, c.n, c.n};
  return gemm(gemm_config(), lhs, rhs, out, {scratch_});
}

void Call::prepare_convolution() {
  const Case& c = case_;
  const std::int64_t pad = c.kernel / 2;
  lhs_ = random_bytes(c.size * c.size * c.in_channels, 1);
  rhs_ = random_bytes(c.out_channels * depth(c), 2);
  status_ = Convolution::create({.in_type = c.lhs_type,
                                 .in_zero_point = c.lhs_type == DataType::kU8 ? 120 : -3,
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
                                 .weights_type = c.rhs_type,
                                 .weights_zero_point = {&rhs_zero_point_, 1},
                                 .epilogue = {.type = c.out_type, .scale = scale_},
                                 .max_isa = isa_},
                                rhs_.data(), convolution_);
  scratch_ = workspace_.reserve(convolution_.scratch_bytes(1, c.size, c.size));
}

Status Call::run_convolution() {
  const Case& c = case_;
  const std::int64_t line = c.size * c.in_channels, size = out_size(c);
  const std::int64_t out_line = size * c.out_channels;
  return convolution_.run({lhs_.data(), c.lhs_type, 1, c.size, c.size, c.in_channels, c.in_channels,
                           line, c.size * line},
                          {out_.data(), c.out_type, 1, size, size, c.out_channels, c.out_channels,
                           out_line, size * out_line},
                          {scratch_});
}

Status Call::run_quantize() {
  const Case& c = case_;
  return quantize({.scale = scale_, .max_isa = isa_}, {reals_.data(), DataType::kF32, 1, c.m, c.m},
                  {out_.data(), c.out_type, 1, c.m, c.m});
}

}  // namespace octet::selfcheck
