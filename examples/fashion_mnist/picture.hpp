/// A picture of test images and what the network takes them for.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "dataset.hpp"

namespace fashion_mnist {

/// Writes a PNG: the first images of `dataset`, then some that are mistaken, each with the
/// predicted class, its probability by `logits` [size, 10], and the right class where they differ.
/// `headline` is one line of text. Throws std::runtime_error.
void write_picture(const std::filesystem::path& path, const std::string& headline,
                   const Dataset& dataset, std::span<const float> logits);

}  // namespace fashion_mnist
