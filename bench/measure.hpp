/// How octet_bench times one operator.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernel.hpp"
#include "operator.hpp"
#include "problem.hpp"
#include "shapes.hpp"

namespace octet::bench {

/// What all benchmarks of one call have in common.
struct Setting {
  std::string isa;  ///< octet's.
  const KernelTable* kernels = nullptr;
  int threads = 1;
  Executor* executor = nullptr;  ///< Null for one thread.
  bool has_onednn = false;
  bool octet_is_wrong = false;  ///< Set where octet's result is not that of its scalar kernel.
};

/// What one run of an operator does.
struct Work {
  double ops;    ///< 2 per product; 0 for conversions.
  double bytes;  ///< Of the operands and the result, each counted once.
};

/// Runs `op` as often as `state` says, after one run that is not timed, and sets the counters:
/// - ops, bytes: per second; seconds: of one run;
/// - peak: operations per second of the ISA's dot product on registers alone, measured just before,
///   times the number of threads; share_of_peak: ops / peak.
/// On one thread all are per second of its CPU time, which other programs on the machine disturb
/// less than wall time; on several threads per second of wall time. `prepare`, if any, is called
/// before each run and its time is not counted.
void measure(benchmark::State& state, Operator& op, void* out, const Work& work,
             const Setting& setting, void (*prepare)() = nullptr);

/// The benchmarks of one shape: "SUITE/WHO/SHAPE" for each side.
struct Entry {
  struct Side {
    std::string who;
    std::function<void(benchmark::State&)> run;
  };
  std::string shape;
  std::vector<Side> sides;
};

/// octet and oneDNN on one layer; with several threads octet on one of them, too. Nothing is
/// allocated before the first run, and all of it is freed with the entry.
Entry layer_entry(const Layer& layer, const Config& config, Setting& setting);

/// GEMM with weights given per call, packed in several ways, beside oneDNN: see dynamic.cpp.
std::vector<Entry> dynamic_entries(const DynamicShape& shape, Setting& setting);

/// octet alone, on quantize, dequantize and requantize.
Entry conversion_entry(const ConversionShape& shape, Setting& setting);

/// Max or average pooling beside oneDNN; an operation is a value that a window looks at.
Entry pool_entry(const PoolShape& shape, Setting& setting);

}  // namespace octet::bench
