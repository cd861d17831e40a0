// What OCTET_VERBOSE prints, and that nothing is printed without it. Every case runs in a process
// of its own, since octet asks the environment once: nothing here may call octet outside of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "octet/octet.hpp"
#include "support/executors.hpp"

namespace octet::test {
namespace {

/// Exits with 0 if `call` succeeds with OCTET_VERBOSE set to `verbose`; null: not set.
[[noreturn]] void call_and_exit(const char* verbose, const std::function<Status()>& call) {
  if (verbose == nullptr) {
    unsetenv("OCTET_VERBOSE");
  } else {
    setenv("OCTET_VERBOSE", verbose, 1);
  }
  const Status status = call();
  std::_Exit(status.ok() ? 0 : 1);
}

const std::vector<std::int8_t> kWeights(3 * 3 * 64 * 96, 1);
const std::vector<std::uint8_t> kIn(40 * 40 * 64, 1);

template <class Operator, class Config>
Status convolve(const Config& config, std::int64_t height, std::int64_t width,
                Executor* executor = nullptr) {
  Operator convolution;
  if (Status status = Operator::create(config, kWeights.data(), convolution); !status.ok())
    return status;
  const std::int64_t out_height = convolution.out_height(height);
  const std::int64_t out_width = convolution.out_width(width);
  std::vector<std::int32_t> out(
      static_cast<std::size_t>(out_height * out_width * config.out_channels));
  Workspace workspace;
  const int threads = executor ? executor->threads() : 1;
  return convolution.run(
      const_images(kIn.data(), 1, height, width, config.in_channels),
      images(out.data(), 1, out_height, out_width, config.out_channels),
      {workspace.reserve(convolution.scratch_bytes(1, height, width, threads)), executor});
}

Status multiply() {
  Gemm gemm;
  if (Status status =
          Gemm::create({.lhs_type = DataType::kU8}, const_matrix(kWeights.data(), 64, 96), gemm);
      !status.ok())
    return status;
  std::vector<std::int32_t> out(20 * 96);
  Workspace workspace;
  return gemm.run(const_matrix(kIn.data(), 20, 64), matrix(out.data(), 20, 96),
                  {workspace.reserve(gemm.scratch_bytes(20))});
}

TEST(Verbose, GemmSaysWhatItDoes) {
  EXPECT_EXIT(call_and_exit("1", multiply), testing::ExitedWithCode(0),
              "^octet: create gemm N 96, K 64, u8 x s8 -> s32, [a-z0-9_]+, [a-z]+ \\(.*\\), "
              "[0-9]+ bytes packed, [0-9.e+-]+ ms\n"
              "octet: run gemm M 20, N 96, K 64, u8 x s8 -> s32, [a-z0-9_]+, [a-z]+ \\(.*\\), "
              "tile [0-9]+x[0-9]+, [0-9]+ panels, tasks 1x1 on 1 threads, [0-9.e+-]+ ms, "
              "[0-9.e+-]+ GOP/s, [0-9.e+-]+ % of peak\n$");
}

TEST(Verbose, GemmOfOtherTypesAndBatchesDoesToo) {
  const auto call = [] {
    std::vector<float> out(2 * 3 * 5);
    const float scale = 1;
    const GemmConfig config = {.epilogue = {.type = DataType::kF32, .scale = {&scale, 1}}};
    const GemmBatch batch = {.count = 2, .lhs_stride = 21, .out_stride = 15};
    Workspace workspace;
    return batched_gemm(config, batch, const_matrix(kIn.data(), 3, 7),
                        const_matrix(kIn.data(), 7, 5), matrix(out.data(), 3, 5),
                        {workspace.reserve(batched_gemm_scratch_bytes(config, batch, 3, 5, 7))});
  };
  EXPECT_EXIT(call_and_exit("1", call), testing::ExitedWithCode(0),
              "^octet: run batched_gemm 2 of M 3, N 5, K 7, u8 x u8 -> f32, ");
}

TEST(Verbose, ConvolutionsSayWhatTheyDo) {
  const auto dense = [] {
    ThreadExecutor executor(2);
    return convolve<Convolution>(
        ConvolutionConfig{
            .in_channels = 64, .out_channels = 96, .kernel_h = 3, .kernel_w = 3, .dilation_w = 2},
        40, 40, &executor);
  };
  EXPECT_EXIT(call_and_exit("1", dense), testing::ExitedWithCode(0),
              "^octet: create convolution 64 to 96 channels, 3x3, stride 1x1, dilation 1x2, u8 x .*"
              "\noctet: run convolution 1x40x40, 64 to 96 channels, 3x3, .*indirect \\(.*\\).*, "
              "tasks [0-9]x[0-9] on 2 threads that start in 15 us, .* GOP/s, .* % of peak\n$");
  const auto depthwise = [] {
    return convolve<Convolution>(
        ConvolutionConfig{.in_channels = 32, .out_channels = 32, .kernel_h = 3, .groups = 32}, 6,
        5);
  };
  EXPECT_EXIT(call_and_exit("yes", depthwise), testing::ExitedWithCode(0),
              "run convolution 1x6x5, 32 to 32 channels, 3x1, stride 1x1, 32 groups, .* depthwise");
  const auto transposed = [] {
    return convolve<TransposedConvolution>(
        TransposedConvolutionConfig{
            .in_channels = 32, .out_channels = 9, .kernel_h = 3, .stride_h = 2},
        6, 5);
  };
  EXPECT_EXIT(call_and_exit("1", transposed), testing::ExitedWithCode(0),
              "run transposed_convolution 1x6x5, 32 to 9 channels, 3x1, stride 2x1, .* phases \\(");
}

TEST(Verbose, ConversionsSayWhatTheyDo) {
  const auto call = [] {
    const std::vector<float> real(6, 1);
    std::vector<std::uint8_t> bytes(6);
    const float scale = 1;
    return quantize({.scale = {&scale, 1}}, const_matrix(real.data(), 2, 3),
                    matrix(bytes.data(), 2, 3));
  };
  EXPECT_EXIT(call_and_exit("1", call), testing::ExitedWithCode(0),
              "^octet: run quantize 2x3, f32 -> u8, [a-z0-9_]+, tasks 1x1 on 1 threads, "
              "[0-9.e+-]+ ms, [0-9.e+-]+ GB/s\n$");
}

TEST(Verbose, NothingIsPrintedUnlessAskedFor) {
  for (const char* value : {static_cast<const char*>(nullptr), "", "0"})
    EXPECT_EXIT(call_and_exit(value, multiply), testing::ExitedWithCode(0),
                testing::Eq(std::string()));
}

TEST(Verbose, RefusedCallsPrintNothing) {
  const auto call = [] {
    Gemm gemm;
    return Gemm::create({}, ConstMatrix{}, gemm);
  };
  EXPECT_EXIT(call_and_exit("1", call), testing::ExitedWithCode(1), testing::Eq(std::string()));
}

}  // namespace
}  // namespace octet::test
