// `run` and the one-shot functions allocate nothing. The linker sends this program's calls of
// malloc and its kin here (--wrap), and operator new is replaced.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <vector>

#include "octet/octet.hpp"

namespace {
thread_local long allocations = 0;
}

extern "C" {
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* memory, std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
int __real_posix_memalign(void** memory, std::size_t alignment, std::size_t size);

void* __wrap_malloc(std::size_t size) {
  ++allocations;
  return __real_malloc(size);
}
void* __wrap_calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __real_calloc(count, size);
}
void* __wrap_realloc(void* memory, std::size_t size) {
  ++allocations;
  return __real_realloc(memory, size);
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  ++allocations;
  return __real_posix_memalign(memory, alignment, size);
}
}

void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace octet::test {
namespace {

/// Allocations by this thread while `action` runs.
template <class Action>
long allocations_of(Action action) {
  const long before = allocations;
  action();
  return allocations - before;
}

TEST(Allocation, IsCounted) {
  const std::int8_t rhs[4] = {};
  Gemm gemm;
  Status status;
  EXPECT_GE(allocations_of([&] { status = Gemm::create({}, const_matrix(rhs, 2, 2), gemm); }), 2);
  EXPECT_TRUE(status.ok());
}

TEST(Allocation, GemmRunDoesNone) {
  const std::vector<std::int8_t> rhs(300 * 70, 3);
  const float scale = 0.5f;
  const std::int32_t zero_point = 7;
  const GemmConfig config = {.rhs_zero_point = {&zero_point, 1},
                             .epilogue = {.type = DataType::kU8, .scale = {&scale, 1}}};
  Gemm gemm;
  ASSERT_TRUE(Gemm::create(config, const_matrix(rhs.data(), 300, 70), gemm).ok());
  for (std::int64_t m : {1, 7, 300}) {
    const std::vector<std::uint8_t> lhs(static_cast<std::size_t>(m * 4096), 5);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(m * 70));
    Workspace workspace;
    const auto scratch =
        workspace.reserve(std::max(gemm.scratch_bytes(m), gemm_scratch_bytes(config, m, 70, 300)));
    const ConstMatrix view = const_matrix(lhs.data(), m, 300, 4096);
    Status status, one_shot_status;
    EXPECT_EQ(allocations_of([&] {
                status = gemm.run(view, matrix(out.data(), m, 70), {scratch});
                one_shot_status = octet::gemm(config, view, const_matrix(rhs.data(), 300, 70),
                                              matrix(out.data(), m, 70), {scratch});
              }),
              0);
    EXPECT_TRUE(status.ok() && one_shot_status.ok());
  }
}

TEST(Allocation, ConvolutionRunDoesNone) {
  struct Form {
    std::int64_t channels, groups, kernel;
  };
  for (auto [channels, groups, kernel] :
       {Form{3, 1, 3}, Form{32, 1, 1}, Form{32, 1, 3}, Form{32, 32, 3}, Form{32, 4, 3}}) {
    const std::vector<std::int8_t> weights(static_cast<std::size_t>(9 * 32 * channels), 2);
    Convolution convolution;
    ASSERT_TRUE(Convolution::create({.in_channels = channels,
                                     .out_channels = 32,
                                     .kernel_h = kernel,
                                     .kernel_w = kernel,
                                     .pad_top = 1,
                                     .groups = groups},
                                    weights.data(), convolution)
                    .ok());
    const std::int64_t height = convolution.out_height(30), width = convolution.out_width(30);
    const std::vector<std::uint8_t> in(static_cast<std::size_t>(2 * 30 * 30 * channels), 5);
    std::vector<std::int32_t> out(static_cast<std::size_t>(2 * height * width * 32));
    Workspace workspace;
    const auto scratch = workspace.reserve(convolution.scratch_bytes(2, 30, 30));
    Status status;
    EXPECT_EQ(allocations_of([&] {
                status = convolution.run(const_images(in.data(), 2, 30, 30, channels),
                                         images(out.data(), 2, height, width, 32), {scratch});
              }),
              0);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(Allocation, FusedEpiloguesDoNone) {
  const std::vector<std::byte> table(256);
  const std::vector<std::int8_t> weights(9 * 32 * 32, 2), residual(30 * 30 * 32, 1);
  const std::vector<std::uint8_t> in(30 * 30 * 32, 5);
  std::vector<std::uint8_t> out(30 * 30 * 32);
  const float scale = 0.5f;
  const Epilogue epilogue = {.type = DataType::kU8,
                             .scale = {&scale, 1},
                             .residual = Residual{.type = DataType::kS8, .scale = 0.5f},
                             .table = table};
  Gemm gemm;
  ASSERT_TRUE(
      Gemm::create({.epilogue = epilogue}, const_matrix(weights.data(), 32, 32), gemm).ok());
  Workspace workspace;
  const auto gemm_scratch = workspace.reserve(
      std::max(gemm.scratch_bytes(900), gemm_scratch_bytes({.epilogue = epilogue}, 900, 32, 32)));
  Status status, one_shot_status;
  EXPECT_EQ(allocations_of([&] {
              const ConstMatrix lhs = const_matrix(in.data(), 900, 32);
              const ConstMatrix added = const_matrix(residual.data(), 900, 32);
              const Matrix to = matrix(out.data(), 900, 32);
              status = gemm.run(lhs, to, {gemm_scratch}, added);
              one_shot_status =
                  octet::gemm({.epilogue = epilogue}, lhs, const_matrix(weights.data(), 32, 32), to,
                              {gemm_scratch}, added);
            }),
            0);
  EXPECT_TRUE(status.ok() && one_shot_status.ok());
  for (std::int64_t groups : {1, 4, 32}) {
    Convolution convolution;
    ASSERT_TRUE(Convolution::create({.in_channels = 32,
                                     .out_channels = 32,
                                     .kernel_h = 3,
                                     .kernel_w = 3,
                                     .pad_top = 1,
                                     .pad_left = 1,
                                     .pad_bottom = 1,
                                     .pad_right = 1,
                                     .groups = groups,
                                     .epilogue = epilogue},
                                    weights.data(), convolution)
                    .ok());
    const auto scratch = workspace.reserve(convolution.scratch_bytes(1, 30, 30));
    EXPECT_EQ(allocations_of([&] {
                status = convolution.run(const_images(in.data(), 1, 30, 30, 32),
                                         images(out.data(), 1, 30, 30, 32), {scratch},
                                         const_images(residual.data(), 1, 30, 30, 32));
              }),
              0);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(Allocation, TransposedConvolutionRunDoesNone) {
  for (std::int64_t stride : {1, 2, 5}) {
    const std::vector<std::int8_t> weights(std::size_t{3 * 3 * 32 * 20}, 2);
    TransposedConvolution convolution;
    ASSERT_TRUE(TransposedConvolution::create({.in_channels = 32,
                                               .out_channels = 20,
                                               .kernel_h = 3,
                                               .kernel_w = 3,
                                               .stride_h = stride,
                                               .stride_w = stride},
                                              weights.data(), convolution)
                    .ok());
    const std::int64_t height = convolution.out_height(9), width = convolution.out_width(11);
    const std::vector<std::uint8_t> in(std::size_t{2 * 9 * 11 * 32}, 5);
    std::vector<std::int32_t> out(static_cast<std::size_t>(2 * height * width * 20));
    Workspace workspace;
    const auto scratch = workspace.reserve(convolution.scratch_bytes(2, 9, 11));
    Status status;
    EXPECT_EQ(allocations_of([&] {
                status = convolution.run(const_images(in.data(), 2, 9, 11, 32),
                                         images(out.data(), 2, height, width, 20), {scratch});
              }),
              0);
    EXPECT_TRUE(status.ok()) << status.message();
  }
}

TEST(Allocation, PoolingDoesNone) {
  const std::vector<std::uint8_t> in(2 * 9 * 9 * 70, 5);
  std::vector<std::uint8_t> out(2 * 9 * 9 * 70);
  const PoolingWindow window = {
      .kernel_h = 3, .kernel_w = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  Status most, average;
  EXPECT_EQ(allocations_of([&] {
              const ConstImages from = const_images(in.data(), 2, 9, 9, 70);
              const Images to = images(out.data(), 2, 9, 9, 70);
              most = max_pool(window, from, to);
              average = average_pool({.window = window}, from, to);
            }),
            0);
  EXPECT_TRUE(most.ok() && average.ok());
}

TEST(Allocation, Convolution3dRunDoesNone) {
  const std::vector<std::int8_t> weights(std::size_t{3 * 3 * 3 * 8 * 20}, 2);
  Convolution3d convolution;
  ASSERT_TRUE(Convolution3d::create(
                  {.plane = {.in_channels = 8, .out_channels = 20, .kernel_h = 3, .kernel_w = 3},
                   .kernel_d = 3},
                  weights.data(), convolution)
                  .ok());
  const std::vector<std::uint8_t> in(std::size_t{2 * 5 * 6 * 7 * 8}, 5);
  std::vector<std::int32_t> out(std::size_t{2 * 3 * 4 * 5 * 20});
  Workspace workspace;
  const auto scratch = workspace.reserve(convolution.scratch_bytes(2, 5, 6, 7));
  Status status;
  EXPECT_EQ(allocations_of([&] {
              status = convolution.run(const_volumes(in.data(), 2, 5, 6, 7, 8),
                                       volumes(out.data(), 2, 3, 4, 5, 20), {scratch});
            }),
            0);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(Allocation, ElementwiseOperatorsAndErrorsDoNone) {
  const std::vector<float> real(1000, 1.5f);
  const std::vector<std::int32_t> sums(1000, 15);
  std::vector<std::uint8_t> bytes(1000);
  std::vector<float> result(1000);
  const float scale = 0.5f;
  const QuantizeConfig config = {.scale = {&scale, 1}};
  Status quantized, dequantized, requantized, refused;
  EXPECT_EQ(allocations_of([&] {
              const Matrix out = matrix(bytes.data(), 10, 100);
              quantized = quantize(config, const_matrix(real.data(), 10, 100), out);
              dequantized = dequantize(config, const_matrix(bytes.data(), 10, 100),
                                       matrix(result.data(), 10, 100));
              requantized = requantize({.type = DataType::kU8, .scale = {&scale, 1}},
                                       const_matrix(sums.data(), 10, 100), out);
              refused = quantize({}, const_matrix(real.data(), 10, 100), out);
            }),
            0);
  EXPECT_TRUE(quantized.ok() && dequantized.ok() && requantized.ok());
  EXPECT_FALSE(refused.ok());
}

}  // namespace
}  // namespace octet::test
