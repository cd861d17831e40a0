#include "shapes.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace octet::bench {
namespace {

/// What stands between commas, without the blanks around it.
std::vector<std::string> cells_of(const std::string& line) {
  constexpr const char* kBlanks = " \t\r";
  std::vector<std::string> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    const std::string cell = line.substr(begin, end - begin);
    const std::size_t first = cell.find_first_not_of(kBlanks);
    cells.push_back(first == std::string::npos
                        ? ""
                        : cell.substr(first, cell.find_last_not_of(kBlanks) - first + 1));
    begin = end + 1;
  }
  return cells;
}

/// One line of a file, and where it stands.
class Row {
 public:
  Row(const std::string& path, std::int64_t line, const std::vector<std::string>& columns,
      std::vector<std::string> cells)
      : path_(path), line_(line), columns_(columns), cells_(std::move(cells)) {
    if (cells_.size() < columns_.size()) fail(columns_[cells_.size()], "is missing");
    if (cells_.size() > columns_.size()) fail(columns_.back(), "is followed by further cells");
  }

  /// The text of a column, which must not be empty.
  const std::string& text(std::string_view column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    if (found == columns_.end()) {
      throw std::runtime_error(path_ + ":1: there is no column " + std::string(column));
    }
    const std::string& cell = cells_[static_cast<std::size_t>(found - columns_.begin())];
    if (cell.empty()) fail(column, "is empty");
    return cell;
  }

  /// A whole number of at least `least`.
  std::int64_t integer(std::string_view column, std::int64_t least = 1) const {
    const std::string& cell = text(column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || value < least ||
        value > std::numeric_limits<std::int32_t>::max()) {
      fail(column,
           "'" + cell + "' is not a whole number from " + std::to_string(least) + " to 2147483647");
    }
    return value;
  }

  [[noreturn]] void fail(std::string_view column, const std::string& what) const {
    throw std::runtime_error(path_ + ":" + std::to_string(line_) + ": column " +
                             std::string(column) + ": " + what);
  }

 private:
  const std::string& path_;
  const std::int64_t line_;
  const std::vector<std::string>& columns_;
  const std::vector<std::string> cells_;
};

/// read(row) for each line of the file, in order.
template <class Read>
auto read_rows(const std::string& path, const Read& read) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> columns = cells_of(line);
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    if (std::find(columns.begin(), column, *column) != column)
      throw std::runtime_error(path + ":1: column " + *column + ": stands there twice");
  }
  std::vector<decltype(read(std::declval<const Row&>()))> shapes;
  for (std::int64_t number = 2; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    shapes.push_back(read(Row(path, number, columns, cells_of(line))));
  }
  if (shapes.empty()) throw std::runtime_error(path + ": no line after the column names");
  return shapes;
}

ImageShape image_shape(const Row& row) {
  const ImageShape shape = {
      .name = row.text("name"),
      .batch = row.integer("N"),
      .height = row.integer("H"),
      .width = row.integer("W"),
      .in_channels = row.integer("IC"),
      .out_channels = row.integer("OC"),
      .kernel_h = row.integer("R"),
      .kernel_w = row.integer("S"),
      .stride_h = row.integer("strideH"),
      .stride_w = row.integer("strideW"),
      .pad_h = row.integer("padH", 0),
      .pad_w = row.integer("padW", 0),
      .groups = row.integer("groups"),
  };
  if (shape.in_channels % shape.groups != 0) row.fail("groups", "does not divide IC");
  if (shape.out_channels % shape.groups != 0) row.fail("groups", "does not divide OC");
  return shape;
}

ConvShape conv_shape(const Row& row) {
  const ConvShape shape = {image_shape(row), row.integer("dilH"), row.integer("dilW")};
  if (shape.dilation_h * (shape.kernel_h - 1) >= shape.height + 2 * shape.pad_h) {
    row.fail("R", "the filter is higher than the padded image");
  }
  if (shape.dilation_w * (shape.kernel_w - 1) >= shape.width + 2 * shape.pad_w) {
    row.fail("S", "the filter is wider than the padded image");
  }
  return shape;
}

}  // namespace

std::vector<GemmShape> read_gemm_shapes(const std::string& path) {
  return read_rows(path, [](const Row& row) {
    return GemmShape{row.text("name"), row.integer("M"), row.integer("N"), row.integer("K")};
  });
}

std::vector<DynamicShape> read_dynamic_shapes(const std::string& path) {
  return read_rows(path, [](const Row& row) {
    return DynamicShape{row.text("name"), row.integer("B"), row.integer("M"), row.integer("N"),
                        row.integer("K")};
  });
}

std::vector<ConvShape> read_conv_shapes(const std::string& path) {
  return read_rows(path, conv_shape);
}

std::vector<NetworkShape> read_network_shapes(const std::string& path) {
  return read_rows(path, [](const Row& row) {
    const std::string& kind = row.text("operator");
    const NetworkShape layer = {row.text("network"), kind == "linear", row.integer("count"),
                                conv_shape(row)};
    if (kind != "linear" && kind != "conv")
      row.fail("operator", "'" + kind + "' is neither conv nor linear");
    const ConvShape& s = layer.shape;
    if (layer.linear && s.height * s.width * s.kernel_h * s.kernel_w * s.groups != 1)
      row.fail("operator", "a linear layer has one pixel, one tap and one group");
    return layer;
  });
}

std::vector<TransposedShape> read_transposed_shapes(const std::string& path) {
  return read_rows(path, [](const Row& row) {
    const TransposedShape shape = {image_shape(row), row.integer("outPadH", 0),
                                   row.integer("outPadW", 0)};
    if (shape.out_height() < 1) row.fail("padH", "leaves nothing of the image");
    if (shape.out_width() < 1) row.fail("padW", "leaves nothing of the image");
    return shape;
  });
}

std::vector<ConversionShape> read_conversion_shapes(const std::string& path) {
  return read_rows(path, [](const Row& row) {
    const ConversionShape shape = {row.text("name"), row.text("operation"), row.integer("rows"),
                                   row.integer("columns")};
    const auto known = {"quantize", "dequantize", "requantize"};
    if (std::find(known.begin(), known.end(), shape.operation) == known.end()) {
      row.fail("operation",
               "'" + shape.operation + "' is none of quantize, dequantize, requantize");
    }
    return shape;
  });
}

std::vector<PoolShape> read_pool_shapes(const std::string& path) {
  return read_rows(path, [](const Row& row) {
    const std::string& kind = row.text("kind");
    if (kind != "max" && kind != "average")
      row.fail("kind", "'" + kind + "' is neither max nor average");
    const PoolShape shape = {
        .name = row.text("name"),
        .average = kind == "average",
        .batch = row.integer("N"),
        .height = row.integer("H"),
        .width = row.integer("W"),
        .channels = row.integer("C"),
        .kernel_h = row.integer("R"),
        .kernel_w = row.integer("S"),
        .stride_h = row.integer("strideH"),
        .stride_w = row.integer("strideW"),
        .pad_h = row.integer("padH", 0),
        .pad_w = row.integer("padW", 0),
    };
    if (shape.kernel_h > shape.height + 2 * shape.pad_h)
      row.fail("R", "the window is higher than the padded image");
    if (shape.kernel_w > shape.width + 2 * shape.pad_w)
      row.fail("S", "the window is wider than the padded image");
    return shape;
  });
}

}  // namespace octet::bench
