/// Calls of every operator that multiplies, worth several threads and ragged in every direction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "octet/executor.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

namespace octet::test {

/// An operator on one ISA with its operands, and what it must compute.
struct Call {
  std::string name;
  double products;  ///< Multiply-accumulates.
  Cells expected;
  std::int64_t columns;
  DataType type;
  std::function<Cells(Executor*)> run;  ///< By any number of threads at the same time.
};

/// Tall, wide, square, with few rows and few columns, and two that are too small to be cut: packed
/// and one-shot GEMMs. Batched ones. Convolutions of every form. Transposed ones.
std::vector<Call> large_calls(const std::string& isa);

/// The same GEMM, packed and one-shot.
std::vector<Call> gemm_calls(const GemmProblem& problem, const Cells& expected,
                             const std::string& isa);

/// From so many multiply-accumulates on, two threads surely have something to do.
inline constexpr double kWorthThreads = 5e6;

/// Reports where the call's result is not what it must be.
void expect_exact(const Call& call, Executor* executor);

}  // namespace octet::test
