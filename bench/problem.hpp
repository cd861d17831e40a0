/// One GEMM or convolution with random operands, as octet and oneDNN both run it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "octet/epilogue.hpp"
#include "octet/executor.hpp"
#include "octet/types.hpp"
#include "onednn.hpp"
#include "operator.hpp"
#include "shapes.hpp"

namespace octet::bench {

enum class Scales : std::uint8_t {
  kNone,         ///< s32 outputs: the plain sums.
  kPowersOfTwo,  ///< Per column. Every order of the float operations gives the same result.
  kAny,          ///< Per column.
};

/// What is computed, apart from the sizes. Outputs other than s32 have a bias.
struct Config {
  std::string_view name;
  DataType lhs, rhs, out;
  std::int32_t lhs_zero_point = 0;
  std::int32_t rhs_zero_point = 0;
  Scales scales = Scales::kNone;
  std::int32_t out_zero_point = 0;
  bool relu = false;

  /// oneDNN has neither u8 weights nor weights with a zero point in convolutions.
  bool suits_convolutions() const { return rhs == DataType::kS8 && rhs_zero_point == 0; }
};

std::span<const Config> configs();
/// Null if there is none of that name.
const Config* find_config(std::string_view name);

class Problem {
 public:
  virtual ~Problem() = default;
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;

  const Config& config() const { return config_; }
  std::int64_t rows() const { return rows_; }        ///< M, or images * height * width.
  std::int64_t columns() const { return columns_; }  ///< N, or the output channels.
  std::int64_t depth() const { return depth_; }      ///< Products in a sum, padded pixels included.
  virtual double ops() const {                       ///< 2 per product.
    return 2.0 * static_cast<double>(rows_) * static_cast<double>(columns_) *
           static_cast<double>(depth_);
  }
  std::size_t in_bytes() const { return lhs_.size() + rhs_.size(); }
  std::size_t out_bytes(std::int64_t rows) const {
    return static_cast<std::size_t>(rows * columns_ * size_of(config_.out));
  }

  /// How many leading rows of the result take at most `ops` operations; at least the smallest
  /// number that can be computed alone (a row of a GEMM, an image of a convolution).
  virtual std::int64_t rows_within(double ops) const = 0;

  /// octet's operator for the leading `rows` rows, a number that rows_within() returned. Throws
  /// std::runtime_error if octet refuses.
  virtual std::unique_ptr<Operator> octet(std::string_view max_isa, std::int64_t rows,
                                          Executor* executor) const = 0;

  /// oneDNN's operator for all rows; null if it refuses, which `*refusal` explains.
  virtual std::unique_ptr<Operator> onednn(std::string* refusal) const = 0;

  /// The sum that belongs to one output, product by product, without the bias.
  virtual std::int64_t exact_sum(std::int64_t row, std::int64_t column) const = 0;

  /// The result that octet promises for a sum, by the formula of octet/epilogue.hpp.
  double expected_output(std::int64_t sum, std::int64_t column) const;

  /// Whether `sum`'s exact result lies so close to a rounding tie that float32 operations in
  /// another order, or a zero point added before rounding, may give the neighbouring number.
  bool is_near_tie(std::int64_t sum, std::int64_t column) const;

 protected:
  Problem(const Config& config, std::int64_t rows, std::int64_t columns, std::int64_t depth,
          std::int64_t lhs_elements);

  Epilogue epilogue() const;
  onednn::Epilogue onednn_epilogue() const;

  /// One product of a sum, zero points taken off; the arguments are positions in lhs_ and rhs_.
  std::int64_t product(std::int64_t lhs, std::int64_t rhs) const {
    return (value(lhs_, config_.lhs, lhs) - config_.lhs_zero_point) *
           (value(rhs_, config_.rhs, rhs) - config_.rhs_zero_point);
  }

  const Config config_;
  const std::int64_t rows_, columns_, depth_;
  Buffer lhs_, rhs_;
  std::vector<float> scale_;
  std::vector<std::int32_t> bias_;

 private:
  static std::int64_t value(const Buffer& buffer, DataType type, std::int64_t i) {
    const std::byte byte = buffer[static_cast<std::size_t>(i)];
    return type == DataType::kS8 ? static_cast<std::int64_t>(static_cast<std::int8_t>(byte))
                                 : static_cast<std::int64_t>(byte);
  }
};

std::unique_ptr<Problem> make_problem(const GemmShape& shape, const Config& config);
std::unique_ptr<Problem> make_problem(const ConvShape& shape, const Config& config);
std::unique_ptr<Problem> make_problem(const TransposedShape& shape, const Config& config);

/// [images, height, width, channels], contiguous.
template <class Images, class Pointer>
Images nhwc(Pointer data, DataType type, std::int64_t images, std::int64_t height,
            std::int64_t width, std::int64_t channels) {
  return {data,
          type,
          images,
          height,
          width,
          channels,
          channels,
          width * channels,
          height * width * channels};
}

/// A line of a shapes file: a problem for each configuration.
struct Layer {
  std::string name;
  std::int64_t count = 1;  ///< Layers of its network that are like this one.
  std::function<std::unique_ptr<Problem>(const Config& config)> problem;
};

/// `suite` is "gemm", "conv", "transposed" or "network". Throws std::runtime_error where the file
/// is wrong.
std::vector<Layer> read_layers(std::string_view suite, const std::string& path);

/// oneDNN's primitive as an Operator that reads `in`.
std::unique_ptr<Operator> wrap(std::unique_ptr<onednn::Primitive> primitive, const void* in);

}  // namespace octet::bench
