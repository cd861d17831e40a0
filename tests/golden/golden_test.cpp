// Outputs from seeded inputs have the same bytes on every architecture, with every compiler and
// ISA: hashes.txt holds a hash of each. OCTET_WRITE_GOLDEN=file writes what this program computes;
// do that only where the definition of a result has changed, or a case is new.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "pooling/pooling_problem.hpp"
#include "quantize/random_quantize.hpp"
#include "support/every_isa.hpp"
#include "support/run_gemm.hpp"
#include "support/run_images.hpp"
#include "support/volume_problem.hpp"

namespace octet::test {
namespace {

/// FNV-1a of the cells' bytes, lowest first.
std::string hash_of(const Cells& cells) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::uint32_t cell : cells) {
    for (int shift = 0; shift < 32; shift += 8) {
      hash = (hash ^ (cell >> shift & 0xFFu)) * 0x100000001b3u;
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

using Hashes = std::map<std::string, std::string>;  // of each case, by its name

constexpr Placement kEnds = Placement::kEndsAtGuard;

void add_gemms(Hashes& hashes, const std::string& isa) {
  Random random(1);
  for (const auto [m, n, k] :
       {std::array{1, 1, 1}, std::array{5, 17, 3}, std::array{7, 33, 64}, std::array{37, 65, 129},
        std::array{13, 100, 70}, std::array{2, 9, 1031}}) {
    for (int types = 0; types < kTypeCombinations; ++types) {
      const GemmProblem problem = random_gemm(random, m, n, k, type_combination(types));
      char name[64];
      std::snprintf(name, sizeof name, "gemm/%dx%dx%d/%d", m, n, k, types);
      hashes[name] = hash_of(run_packed(problem, isa, kEnds));
      EXPECT_EQ(hash_of(run_one_shot(problem, isa, kEnds)), hashes[name]) << name << ", one-shot";
    }
  }
}

/// Bounds that are zeros of either sign: the later of two equal ones wins.
void add_zeros(Hashes& hashes, const std::string& isa) {
  Random random(2);
  for (const float min : {-0.0f, 0.0f}) {
    for (const float max : {-0.0f, 0.0f}) {
      GemmProblem problem =
          random_gemm(random, 3, 18, 8, {DataType::kU8, DataType::kS8, DataType::kF32});
      problem.epilogue = {.type = DataType::kF32, .scale = {0.5f}, .min = min, .max = max};
      char name[64];
      std::snprintf(name, sizeof name, "zeros/%g/%g", static_cast<double>(min),
                    static_cast<double>(max));
      hashes[name] = hash_of(run_packed(problem, isa, kEnds));
    }
  }
}

void add_convolutions(Hashes& hashes, const std::string& isa) {
  Random random(3);
  for (int round = 0; round < 4; ++round) {
    int form = 0;
    for (const auto& problem : convolutions_of_every_form(random, 2, 7, 9)) {
      char name[64];
      std::snprintf(name, sizeof name, "convolution/%d/%d", form++, round);
      hashes[name] = hash_of(run_images(make_convolution(problem, isa, kEnds), problem, kEnds));
    }
  }
}

void add_transposed(Hashes& hashes, const std::string& isa) {
  Random random(5);
  int form = 0;
  for (const auto& problem : transposed_of_every_form(random, 2, 4, 3)) {
    const auto convolution = make_convolution(problem, isa, kEnds);
    hashes["transposed/" + std::to_string(form++)] =
        hash_of(run_images(convolution, problem, kEnds));
  }
}

void add_volumes(Hashes& hashes, const std::string& isa) {
  Random random(6);
  int form = 0;
  for (const auto [in, out, groups] :
       {std::array{3, 17, 1}, std::array{24, 33, 1}, std::array{12, 12, 3}, std::array{5, 5, 5}}) {
    for (const std::int64_t stride_d : {1, 2}) {
      VolumeProblem problem{.plane = {.config = {.in_channels = in,
                                                 .out_channels = out,
                                                 .kernel_h = 3,
                                                 .kernel_w = 3,
                                                 .pad_top = 1,
                                                 .pad_right = 2,
                                                 .groups = groups},
                                      .batch = 2,
                                      .height = 4,
                                      .width = 5},
                            .depth = 6,
                            .kernel_d = 3,
                            .stride_d = stride_d,
                            .pad_back = 1};
      randomize(random, problem);
      hashes["volumes/" + std::to_string(form++)] =
          hash_of(run_volumes(make_convolution3d(problem, isa, kEnds), problem, kEnds));
    }
  }
}

Matrix matrix_of(Cells& cells, DataType type, std::int64_t rows, std::int64_t columns) {
  return {cells.data(), type, rows, columns, columns};
}

void add_conversions(Hashes& hashes, const std::string& isa) {
  Random random(4);
  constexpr std::int64_t kRows = 3, kColumns = 101;
  for (int round = 0; round < 4; ++round) {
    for (const DataType type : k8BitTypes) {
      const QuantizeProblem p = random_quantize(random, kRows, kColumns, type);
      const ConstMatrix reals{p.in.data(), DataType::kF32, kRows, kColumns, kColumns};
      Cells bytes((kRows * kColumns + 3) / 4), back(kRows * kColumns);
      const QuantizeConfig config{p.scale, p.zero_point, isa};
      EXPECT_TRUE(quantize(config, reals, matrix_of(bytes, type, kRows, kColumns)).ok());
      const ConstMatrix quantized{bytes.data(), type, kRows, kColumns, kColumns};
      EXPECT_TRUE(
          dequantize(config, quantized, matrix_of(back, DataType::kF32, kRows, kColumns)).ok());
      const std::string name = std::string(name_of(type)) + '/' + std::to_string(round);
      hashes["quantize/" + name] = hash_of(bytes);
      hashes["dequantize/" + name] = hash_of(back);

      const OwnedEpilogue e = random_epilogue(random, type, kColumns, 100);
      const auto sums = random_values(random, DataType::kS32, kRows * kColumns);
      const ConstMatrix in{sums.data(), DataType::kS32, kRows, kColumns, kColumns};
      const Epilogue epilogue{.type = type,
                              .scale = e.scale,
                              .bias = e.bias,
                              .zero_point = e.zero_point,
                              .min = e.min,
                              .max = e.max};
      EXPECT_TRUE(
          requantize(epilogue, in, matrix_of(bytes, type, kRows, kColumns), nullptr, isa).ok());
      hashes["requantize/" + name] = hash_of(bytes);
    }
  }
}

/// Residuals and tables, in GEMMs and convolutions of every form.
void add_fused(Hashes& hashes, const std::string& isa) {
  Random random(6);
  for (int i = 0; i < 6; ++i) {
    GemmProblem problem = random_gemm(random, 13, 70, 37, type_combination(4 + 2 * i));
    add_fused(random, problem, i % 3 != 1, i % 3 != 0);
    const std::string name = "fused/gemm/" + std::to_string(i);
    hashes[name] = hash_of(run_packed(problem, isa, kEnds));
    EXPECT_EQ(hash_of(run_one_shot(problem, isa, kEnds)), hashes[name]) << name << ", one-shot";
  }
  int form = 0;
  for (ConvolutionProblem& problem : convolutions_of_every_form(random, 2, 7, 9)) {
    add_fused(random, problem, form % 3 != 1, form % 3 != 0);
    hashes["fused/convolution/" + std::to_string(form++)] =
        hash_of(run_images(make_convolution(problem, isa, kEnds), problem, kEnds));
  }
}

void add_poolings(Hashes& hashes, const std::string& isa) {
  Random random(5);
  for (int round = 0; round < 12; ++round) {
    PoolingProblem p{.batch = 2, .height = 9, .width = 11};
    p.channels = random.integer(1, 150);
    const std::int64_t kernel_h = random.integer(1, 4), kernel_w = random.integer(1, 4);
    p.window = random_window(random, kernel_h, kernel_w);
    randomize(random, p);
    hashes["pooling/" + std::to_string(round)] = hash_of(pooled(p, isa, kEnds));
  }
}

Hashes hashes_of(const std::string& isa) {
  Hashes hashes;
  add_gemms(hashes, isa);
  add_zeros(hashes, isa);
  add_convolutions(hashes, isa);
  add_transposed(hashes, isa);
  add_volumes(hashes, isa);
  add_conversions(hashes, isa);
  add_poolings(hashes, isa);
  add_fused(hashes, isa);
  return hashes;
}

class Golden : public OnEveryIsa {};

TEST_P(Golden, OutputsHaveTheSameBytesEverywhere) {
  const Hashes hashes = hashes_of(isa());
  if (const char* path = std::getenv("OCTET_WRITE_GOLDEN")) {
    std::ofstream file(path);
    for (const auto& [name, hash] : hashes) file << hash << ' ' << name << '\n';
    GTEST_SKIP() << "wrote " << path;
  }
  Hashes expected;
  std::ifstream file(OCTET_GOLDEN_FILE);
  for (std::string hash, name; file >> hash >> name;) expected[name] = hash;
  ASSERT_FALSE(expected.empty()) << "cannot read " << OCTET_GOLDEN_FILE;
  EXPECT_EQ(hashes.size(), expected.size());
  for (const auto& [name, hash] : hashes) EXPECT_EQ(hash, expected[name]) << name;
}

OCTET_ON_EVERY_ISA(Golden);

}  // namespace
}  // namespace octet::test
