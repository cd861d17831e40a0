#include "safetensors.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

namespace fashion_mnist {
namespace {

/// One entry of the header; `data` is what follows the header.
Tensor read_tensor(const nlohmann::json& entry, std::string_view data) {
  if (entry.at("dtype") != "F32") throw std::runtime_error("a tensor is not float32");
  Tensor tensor = {.shape = entry.at("shape").get<std::vector<std::int64_t>>(), .values = {}};
  std::uint64_t bytes = sizeof(float);
  for (const std::int64_t size : tensor.shape) {
    if (size < 0 || size > (1 << 24)) throw std::runtime_error("a tensor has an unlikely size");
    bytes *= static_cast<std::uint64_t>(size);
  }
  const auto [begin, end] = entry.at("data_offsets").get<std::pair<std::uint64_t, std::uint64_t>>();
  if (begin > end || end > data.size() || end - begin != bytes)
    throw std::runtime_error("a tensor lies outside the file");
  tensor.values.resize(bytes / sizeof(float));
  std::memcpy(tensor.values.data(), data.data() + begin, bytes);
  return tensor;
}

}  // namespace

std::map<std::string, Tensor> read_safetensors(const std::filesystem::path& path) try {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot be opened");
  const std::string file(std::istreambuf_iterator<char>(stream), {});
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof(header_bytes)) throw std::runtime_error("is too short");
  std::memcpy(&header_bytes, file.data(), sizeof(header_bytes));
  const std::string_view rest = std::string_view(file).substr(sizeof(header_bytes));
  if (header_bytes > rest.size()) throw std::runtime_error("is too short");

  std::map<std::string, Tensor> tensors;
  const auto header = nlohmann::json::parse(rest.substr(0, header_bytes));
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") tensors[name] = read_tensor(entry, rest.substr(header_bytes));
  }
  return tensors;
} catch (const std::exception& e) {
  throw std::runtime_error(path.string() + ": " + e.what());
}

}  // namespace fashion_mnist
