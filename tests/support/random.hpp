/// Seeded random test data: the same numbers with every compiler and standard library.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <vector>

#include "octet/types.hpp"

namespace octet::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// Any whole number in [low, high].
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    const auto count = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(count == 0 ? engine_() : engine_() % count);
  }
  bool chance(int percent) { return integer(1, 100) <= percent; }
  /// In [low, high], low > 0, uniform.
  float real(float low, float high) {
    return low + (high - low) * (static_cast<float>(integer(0, 1 << 24)) / (1 << 24));
  }
  template <class T, std::size_t N>
  T pick(const T (&choices)[N]) {
    return choices[integer(0, static_cast<std::int64_t>(N) - 1)];
  }

 private:
  std::mt19937_64 engine_;
};

/// The smallest and largest value of u8, s8 or s32.
constexpr std::int64_t lowest_of(DataType type) {
  return type == DataType::kU8 ? 0 : type == DataType::kS8 ? -128 : INT32_MIN;
}
constexpr std::int64_t highest_of(DataType type) {
  return type == DataType::kU8 ? 255 : type == DataType::kS8 ? 127 : INT32_MAX;
}

/// How the elements of an 8-bit operand are drawn.
enum class Values : std::uint8_t {
  kAny,       ///< The whole range, uniformly.
  kExtremes,  ///< The ends of the range and their neighbours, mixed.
  kHighest,   ///< 127 or 255 everywhere.
  kLowest     ///< -128 or 0 everywhere.
};

inline std::vector<std::int32_t> random_values(Random& random, DataType type, std::int64_t count,
                                               Values values = Values::kAny) {
  std::vector<std::int32_t> result(static_cast<std::size_t>(count));
  const std::int64_t low = lowest_of(type), high = highest_of(type);
  for (auto& value : result) {
    switch (values) {
      case Values::kAny:
        value = static_cast<std::int32_t>(random.integer(low, high));
        break;
      case Values::kExtremes:
        value = static_cast<std::int32_t>(random.chance(50) ? high - random.integer(0, 1)
                                                            : low + random.integer(0, 1));
        break;
      case Values::kHighest:
        value = static_cast<std::int32_t>(high);
        break;
      case Values::kLowest:
        value = static_cast<std::int32_t>(low);
        break;
    }
  }
  return result;
}

/// `base` random cases, times OCTET_TEST_SWEEP percent (default 100): less for an emulator, more
/// for a night.
inline int sweep_count(int base) {
  const char* percent = std::getenv("OCTET_TEST_SWEEP");
  const int count = static_cast<int>(base * (percent ? std::atof(percent) : 100.0) / 100.0);
  return count > 0 ? count : 1;
}

/// Where random sweeps start: OCTET_TEST_SEED, or 1. Each case prints its own seed on failure, and
/// with that as OCTET_TEST_SEED it is the first case.
inline std::uint64_t first_seed() {
  const char* seed = std::getenv("OCTET_TEST_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : 1;
}

}  // namespace octet::test
