// The cost model's choices for known shapes, and that a grid's tasks are the whole work once.
#include "dispatch/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <vector>

namespace octet {

bool operator==(const TaskGrid& a, const TaskGrid& b) {
  return a.row_parts == b.row_parts && a.panel_parts == b.panel_parts;
}
void PrintTo(const TaskGrid& grid, std::ostream* out) {
  *out << grid.row_parts << " x " << grid.panel_parts;
}

namespace {

/// A GEMM with 8-bit outputs, in tiles of 6 rows x 64 columns as AVX-512 has them.
WorkSize gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {.rows = m,
          .row_bytes = k,
          .tile_rows = 6,
          .panels = divide_up(n, 64),
          .panel_columns = std::min<std::int64_t>(divide_up(n, 16) * 16, 64),
          .columns = n,
          .k = k,
          .out_type = DataType::kU8,
          .lanes = 16};
}

/// In units of two output lines.
WorkSize depthwise_3x3(std::int64_t height, std::int64_t width, std::int64_t channels) {
  return {.rows = divide_up(height, 2),
          .unit_rows = 2 * width,
          .row_bytes = channels,
          .tile_rows = 2 * width,
          .panels = divide_up(channels, 64),
          .panel_columns = 64,
          .columns = channels,
          .k = 12,
          .out_type = DataType::kU8,
          .lanes = 16};
}

/// Threads that sleep between calls, as an Executor has them that does not say otherwise, and such
/// as spin.
constexpr double kSleeping = 15, kSpinning = 3;

TaskGrid plan(const WorkSize& work, int threads, double start_us = kSleeping) {
  return plan_tasks(work, {.count = threads, .start_us = start_us});
}

constexpr int kThreads[] = {1, 2, 4, 8, 16, 64};

void expect_grids(const WorkSize& work, const std::vector<TaskGrid>& grids,
                  double start_us = kSleeping) {
  for (std::size_t i = 0; i < grids.size(); ++i)
    EXPECT_EQ(plan(work, kThreads[i], start_us), grids[i]) << kThreads[i] << " threads";
}

TEST(Schedule, SmallWorkStaysOnTheCallersThread) {
  const std::vector<TaskGrid> alone(std::size(kThreads));
  expect_grids(gemm(0, 64, 64), alone);
  expect_grids(gemm(1, 1, 1), alone);
  expect_grids(gemm(64, 64, 64), alone);
  expect_grids(gemm(128, 128, 128), alone);
  expect_grids(gemm(1, 1000, 1280), alone);  // 10 us, all of it reading
  expect_grids(gemm(16, 16, 16384), alone);
  expect_grids(depthwise_3x3(7, 7, 960), alone);
}

TEST(Schedule, ThreadsThatStartFastAreWorthItSooner) {
  const std::vector<TaskGrid> alone(std::size(kThreads));
  expect_grids(gemm(128, 128, 128), alone, kSpinning);  // 5 us
  expect_grids(depthwise_3x3(7, 7, 960), alone, kSpinning);
  expect_grids(gemm(128, 256, 256), alone);  // 18 us
  expect_grids(gemm(128, 256, 256), {{1, 1}, {1, 2}, {2, 2}, {3, 2}, {3, 2}, {3, 2}}, kSpinning);
  expect_grids(depthwise_3x3(28, 28, 192), alone);
  expect_grids(depthwise_3x3(28, 28, 192), {{1, 1}, {2, 1}, {4, 1}, {5, 1}, {5, 1}, {5, 1}},
               kSpinning);
}

TEST(Schedule, TheCostOfStartingDecidesOnlyBetweenOneTaskAndTheBestGrid) {
  for (const WorkSize& work : {gemm(1024, 1024, 1024), gemm(16, 4096, 4096), gemm(100, 450, 400),
                               gemm(1, 512, 512), depthwise_3x3(56, 56, 144)}) {
    for (int threads : {1, 2, 3, 7, 16, 64}) {
      const TaskGrid free = plan(work, threads, 0);
      bool alone = false;
      for (double start_us = 0; start_us < 4096; start_us = 2 * start_us + 1) {
        const TaskGrid grid = plan(work, threads, start_us);
        EXPECT_TRUE(grid == free || grid == TaskGrid());
        EXPECT_TRUE(!alone || grid == TaskGrid()) << "worth it at " << start_us << " us only";
        alone = grid == TaskGrid();
      }
    }
  }
}

TEST(Schedule, WorkThatCanBeCutAnywhereIsCutWhereItSavesMoreThanItCosts) {
  const auto parts = [](double us, int threads, double start_us) {
    return plan_parts(1000 * us, {.count = threads, .start_us = start_us});
  };
  EXPECT_EQ(parts(1000, 1, 0), 1);
  EXPECT_EQ(parts(1000, 7, kSleeping), 7);
  EXPECT_EQ(parts(29, 2, kSleeping), 1);
  EXPECT_EQ(parts(31, 2, kSleeping), 2);
  EXPECT_EQ(parts(7, 2, kSpinning), 2);
  EXPECT_EQ(parts(1, 2, 0), 1);
  EXPECT_EQ(parts(31, 64, kSpinning), 7);
  EXPECT_EQ(parts(0, 2, 0), 1);
}

TEST(Schedule, MediumWorkGetsAFewThreads) {
  expect_grids(gemm(256, 256, 256), {{1, 1}, {2, 1}, {2, 2}, {4, 2}, {4, 2}, {4, 2}});
  expect_grids(gemm(128, 768, 768), {{1, 1}, {1, 2}, {1, 4}, {2, 4}, {4, 4}, {3, 6}});
}

TEST(Schedule, LargeWorkIsCutInTwoDimensions) {
  expect_grids(gemm(1024, 1024, 1024), {{1, 1}, {1, 2}, {2, 2}, {4, 2}, {4, 4}, {8, 8}});
  EXPECT_EQ(plan(gemm(384, 384, 768), 6), (TaskGrid{3, 2}));
}

TEST(Schedule, TheLargerSideIsCut) {
  expect_grids(gemm(1, 4096, 4096), {{1, 1}, {1, 2}, {1, 4}, {1, 8}, {1, 16}});
  expect_grids(gemm(16, 4096, 4096), {{1, 1}, {1, 2}, {1, 4}, {1, 8}, {1, 16}, {1, 32}});
  expect_grids(gemm(12544, 64, 147), {{1, 1}, {2, 1}, {4, 1}, {8, 1}, {16, 1}});
}

TEST(Schedule, ARemainderOfPanelsLeavesNoThreadIdle) {
  // 5 panels on 4 threads: two for one of them, and the others would wait.
  EXPECT_EQ(plan(gemm(1000, 320, 1000), 4), (TaskGrid{4, 1}));
  // 3 on 2, where a cut of the rows costs less than the third panel.
  EXPECT_EQ(plan(gemm(48, 192, 4096), 2), (TaskGrid{2, 1}));
}

TEST(Schedule, WeightsThatEveryTaskPacksAreCutByPanels) {
  WorkSize work = gemm(384, 384, 768);
  work.packs_weights = true;
  EXPECT_EQ(plan(work, 6), (TaskGrid{1, 6}));
}

TEST(Schedule, CacheLinesOfTheOutputAreNotSharedWhereItCanBeAvoided) {
  // Rows of 1000 bytes: no column begins a cache line in all of them.
  EXPECT_EQ(plan(gemm(1000, 1000, 1), 2), (TaskGrid{2, 1}));
  // Panels of 16 bytes: four of them are a cache line.
  WorkSize work = gemm(4, 4096, 4096);
  work.panels = 256;
  work.panel_columns = 16;
  const TaskGrid grid = plan(work, 8);
  EXPECT_EQ(grid, (TaskGrid{1, 8}));
  EXPECT_EQ(grid.panel_step, 4);
}

TEST(Schedule, DepthwiseLayersAreCutForWhatTheyReallyCost) {
  expect_grids(depthwise_3x3(56, 56, 144), {{1, 1}, {2, 1}, {4, 1}, {7, 1}});
}

TEST(Schedule, OneMatrixOfABatchAfterTheOtherIsCutByMatrices) {
  // 12 heads, each 128 x 128 x 64 with a right-hand side of its own.
  WorkSize work = gemm(12 * 128, 128, 64);
  work.rows_per_weights = 128;
  work.packs_weights = true;
  EXPECT_EQ(plan(work, 2), (TaskGrid{2, 1}));
  EXPECT_EQ(plan(work, 4), (TaskGrid{4, 1}));
}

TEST(Schedule, TasksAreTheWholeWorkOnce) {
  for (const WorkSize& work :
       {gemm(1024, 1024, 1024), gemm(16, 4096, 4096), gemm(100, 450, 4000), gemm(997, 330, 500)}) {
    for (int threads = 1; threads <= 64; ++threads) {
      TaskGrid grid = plan(work, threads);
      ASSERT_LE(grid.tasks(), threads);
      for (std::int64_t step : {1, 2, 4}) {
        grid.panel_step = std::min(step, work.panels / grid.panel_parts);
        std::int64_t cells = 0;
        for (std::int64_t i = 0; i < grid.tasks(); ++i) {
          const TaskPart part(grid, i, work.rows, work.panels);
          EXPECT_LT(part.first_row, part.last_row);
          EXPECT_LT(part.first_panel, part.last_panel);
          EXPECT_LE(part.last_panel, work.panels);
          cells += (part.last_row - part.first_row) * (part.last_panel - part.first_panel);
        }
        EXPECT_EQ(cells, work.rows * work.panels);
      }
    }
  }
}

}  // namespace
}  // namespace octet
