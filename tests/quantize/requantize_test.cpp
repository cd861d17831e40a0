// requantize(): the epilogue of GEMM on sums that lie in memory.
#include <cmath>

#include "quantize/random_quantize.hpp"

namespace octet::test {
namespace {

constexpr DataType kTypes[] = {DataType::kU8, DataType::kS8, DataType::kF32};

class Requantize : public OnEveryIsa {
 protected:
  Random random_{first_seed()};
};

TEST_P(Requantize, EqualsReferenceForEveryLength) {
  for (std::int64_t columns = 1; columns <= 100; ++columns) {
    for (DataType type : kTypes) {
      const auto [problem, epilogue] =
          random_requantize(random_, random_.integer(1, 3), columns, type);
      expect_requantizes_exactly(problem, epilogue, isa());
    }
  }
}

TEST_P(Requantize, BiasWrapsAround) {
  for (DataType type : kTypes) {
    QuantizeProblem p{.in_type = DataType::kS32, .out_type = type, .rows = 3, .columns = 19};
    p.scale = {std::exp2(-24.0f)};
    OwnedEpilogue epilogue;
    for (std::int64_t column = 0; column < p.columns; ++column) {
      epilogue.bias.push_back(column % 2 == 0 ? INT32_MAX : INT32_MIN);
    }
    for (std::int64_t i = 0; i < p.rows * p.columns; ++i) {
      p.in.push_back(random_.pick({0x7FFFFFFFu, 0x80000000u, 1u, 0xFFFFFFFFu, 0u}));
    }
    expect_requantizes_exactly(p, epilogue, isa());
  }
}

TEST_P(Requantize, RoundsTiesToEvenInEveryLane) {
  for (DataType type : kTypes) {
    for (float scale : {0.5f, 0.25f, 1.0f}) {
      QuantizeProblem p{.in_type = DataType::kS32, .out_type = type, .columns = 1201};
      p.scale = {scale};
      for (std::int64_t i = -600; i <= 600; ++i) p.in.push_back(static_cast<std::uint32_t>(i));
      for (std::int32_t zero_point : {0, 1, 127}) {
        OwnedEpilogue epilogue;
        if (type != DataType::kF32) epilogue.zero_point = zero_point;
        expect_requantizes_exactly(p, epilogue, isa());
      }
    }
  }
}

TEST_P(Requantize, LeavesGapsAlone) {
  for (std::int64_t gap : {1, 5, 8192 - 41, 2048 - 41}) {
    for (DataType type : kTypes) {
      auto [problem, epilogue] = random_requantize(random_, 4, 41, type);
      problem.in_gap = gap;
      problem.out_gap = 8192 - 41 - gap;
      expect_requantizes_exactly(problem, epilogue, isa());
    }
  }
}

TEST_P(Requantize, TouchesNothingForNoRows) {
  const auto [problem, epilogue] = random_requantize(random_, 0, 9, DataType::kU8);
  expect_requantizes_exactly(problem, epilogue, isa());
}

OCTET_ON_EVERY_ISA(Requantize);

}  // namespace
}  // namespace octet::test
