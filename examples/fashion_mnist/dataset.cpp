#include "dataset.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>

namespace fashion_mnist {
namespace {

namespace fs = std::filesystem;

fs::path images_file(const fs::path& folder, const std::string& part) {
  return folder / (part + "-images-idx3-ubyte.gz");
}

fs::path labels_file(const fs::path& folder, const std::string& part) {
  return folder / (part + "-labels-idx1-ubyte.gz");
}

/// Reads the first `count` entries of a gzipped IDX file of bytes: a big-endian magic number
/// 0x0800 + number of dimensions, the dimensions, the values. Each entry has the size `entry`.
std::vector<std::uint8_t> read_idx(const fs::path& path, std::span<const std::int64_t> entry,
                                   std::int64_t count) {
  const auto fail = [&](const char* what) -> std::runtime_error {
    return std::runtime_error(path.string() + ": " + what);
  };
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw fail("cannot be opened");
  const auto read_number = [&]() -> std::int64_t {
    std::uint8_t bytes[4];
    if (gzread(file.get(), bytes, 4) != 4) throw fail("is too short");
    return std::int64_t{bytes[0]} << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
  };
  if (read_number() != 0x801 + std::ssize(entry)) throw fail("is not an IDX file of that kind");
  count = std::min(count, read_number());
  std::int64_t entry_bytes = 1;
  for (const std::int64_t size : entry) {
    if (read_number() != size) throw fail("holds images of another size");
    entry_bytes *= size;
  }
  std::vector<std::uint8_t> values(static_cast<std::size_t>(count * entry_bytes));
  const auto bytes = static_cast<unsigned>(values.size());
  if (gzread(file.get(), values.data(), bytes) != static_cast<int>(bytes)) throw fail("is cut off");
  return values;
}

}  // namespace

bool has_dataset(const fs::path& folder, const std::string& part) {
  return fs::exists(images_file(folder, part)) && fs::exists(labels_file(folder, part));
}

Dataset read_dataset(const fs::path& folder, const std::string& part, std::int64_t count) {
  const std::int64_t image[] = {kHeight, kWidth};
  Dataset dataset = {.pixels = read_idx(images_file(folder, part), image, count),
                     .labels = read_idx(labels_file(folder, part), {}, count)};
  if (std::ssize(dataset.pixels) != dataset.size() * kPixels)
    throw std::runtime_error(folder.string() + ": not as many labels as images");
  if (std::ranges::any_of(dataset.labels, [](std::uint8_t label) { return label >= kClasses; }))
    throw std::runtime_error(folder.string() + ": a label is not 0 to 9");
  return dataset;
}

}  // namespace fashion_mnist
