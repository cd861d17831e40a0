/// The safetensors format (https://huggingface.co/docs/safetensors): eight bytes of length, a JSON
/// header, the values; everything little-endian.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace fashion_mnist {

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< Row-major.
};

/// The float32 tensors of a file, by name. Throws std::runtime_error with the file's name if it is
/// missing or damaged, or holds another type.
std::map<std::string, Tensor> read_safetensors(const std::filesystem::path& path);

}  // namespace fashion_mnist
