/// Fashion-MNIST as its authors and Debian's package `dataset-fashion-mnist` distribute it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fashion_mnist {

constexpr std::int64_t kHeight = 28;
constexpr std::int64_t kWidth = 28;
constexpr std::int64_t kPixels = kHeight * kWidth;
constexpr std::int64_t kClasses = 10;

constexpr std::array<const char*, kClasses> kClassNames = {
    "T-shirt", "trousers", "pullover", "dress", "coat",
    "sandal",  "shirt",    "sneaker",  "bag",   "ankle boot"};

struct Dataset {
  std::vector<std::uint8_t> pixels;  ///< [size, 28, 28]: 0 is the background.
  std::vector<std::uint8_t> labels;  ///< [size]: positions in kClassNames.

  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

/// True if the files of `part`, "train" or "t10k", are in `folder`.
bool has_dataset(const std::filesystem::path& folder, const std::string& part);

/// Reads the first `count` images, or all if there are fewer. Throws std::runtime_error with the
/// file's name if one is missing or damaged.
Dataset read_dataset(const std::filesystem::path& folder, const std::string& part,
                     std::int64_t count);

}  // namespace fashion_mnist
