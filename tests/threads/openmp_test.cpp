// The adapter for OpenMP.
#include "octet/executors/openmp.hpp"

#include "support/every_isa.hpp"
#include "support/guarded_tensor.hpp"
#include "support/run_convolution.hpp"
#include "support/run_gemm.hpp"
#include "threads/large_problems.hpp"

namespace octet::test {
namespace {

constexpr Placement kEnds = Placement::kEndsAtGuard;

TEST(OpenMpExecutor, HasThreads) {
  EXPECT_EQ(OpenMpExecutor(3).threads(), 3);
  EXPECT_GE(OpenMpExecutor().threads(), 1);
}

TEST(OpenMpExecutor, RunsEveryTaskOnce) {
  OpenMpExecutor executor(4);
  for (std::int64_t count : {0, 1, 4, 100}) {
    std::vector<int> calls(static_cast<std::size_t>(count));
    executor.parallel_for(
        count, [](void* context, std::int64_t i) { ++static_cast<int*>(context)[i]; },
        calls.data());
    EXPECT_EQ(calls, std::vector<int>(static_cast<std::size_t>(count), 1));
  }
}

class OpenMp : public OnEveryIsa {};

TEST_P(OpenMp, DoesNotChangeTheResult) {
  Random random(first_seed());
  for (const GemmProblem& problem : large_gemms(random)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    const Cells expected = reference_gemm(problem);
    const DataType type = problem.epilogue.type;
    for (int threads = 1; threads <= 5; ++threads) {
      OpenMpExecutor executor(threads);
      expect_equal_cells(run_packed(problem, isa(), kEnds, &executor), expected, problem.n, type,
                         "packed");
      expect_equal_cells(run_one_shot(problem, isa(), kEnds, &executor), expected, problem.n, type,
                         "one-shot");
    }
  }
  for (const ConvolutionProblem& problem : large_convolutions(random)) {
    const CaseScope scope(isa() + ": " + describe(problem));
    OpenMpExecutor executor(3);
    expect_equal_cells(
        run_images(make_convolution(problem, isa(), kEnds), problem, kEnds, &executor),
        reference_convolution(problem), problem.config.out_channels, problem.epilogue.type,
        "Convolution::run");
  }
}

OCTET_ON_EVERY_ISA(OpenMp);

}  // namespace
}  // namespace octet::test
