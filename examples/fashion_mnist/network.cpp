#include "network.hpp"

#include <algorithm>

namespace fashion_mnist {

std::vector<float> run_batches(Network& network, std::span<const float> images,
                               std::int64_t batch) {
  const std::int64_t size = std::ssize(images) / kPixels;
  std::vector<float> logits(static_cast<std::size_t>(size * kClasses));
  for (std::int64_t i = 0; i < size; i += batch) {
    network.run(images.data() + i * kPixels, std::min(batch, size - i),
                logits.data() + i * kClasses);
  }
  return logits;
}

std::vector<std::uint8_t> classify(std::span<const float> logits) {
  std::vector<std::uint8_t> classes;
  for (; !logits.empty(); logits = logits.subspan(kClasses)) {
    const auto row = logits.first(kClasses);
    classes.push_back(static_cast<std::uint8_t>(std::ranges::max_element(row) - row.begin()));
  }
  return classes;
}

std::int64_t count_right(std::span<const float> logits, std::span<const std::uint8_t> labels) {
  const std::vector<std::uint8_t> classes = classify(logits);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) right += classes[i] == labels[i];
  return right;
}

}  // namespace fashion_mnist
