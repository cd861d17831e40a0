/// The sizes of model layers, read from CSV files such as those in bench/shapes/.
///
/// A file begins with a row of column names, in any order; columns that are not asked for are
/// ignored, and so are empty lines. Whatever is wrong with a file is thrown as std::runtime_error
/// whose text names the file, the line and the column.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace octet::bench {

/// Columns: name, M, N, K.
struct GemmShape {
  std::string name;
  std::int64_t m, n, k;
};

/// Columns: name, N (images), H, W, IC, OC, R, S (filter), strideH, strideW, padH, padW (on both
/// sides alike), groups.
struct ImageShape {
  std::string name;
  std::int64_t batch, height, width, in_channels, out_channels, kernel_h, kernel_w;
  std::int64_t stride_h, stride_w, pad_h, pad_w, groups;
};

/// Columns: those of ImageShape, and dilH, dilW (1 is dense).
struct ConvShape : ImageShape {
  std::int64_t dilation_h, dilation_w;

  std::int64_t out_height() const {
    return (height + 2 * pad_h - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
  }
  std::int64_t out_width() const {
    return (width + 2 * pad_w - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
  }
  /// The line that an output line's filter row lies on: of the image, or beside it.
  std::int64_t in_y(std::int64_t y, std::int64_t r) const {
    return y * stride_h + r * dilation_h - pad_h;
  }
  std::int64_t in_x(std::int64_t x, std::int64_t c) const {
    return x * stride_w + c * dilation_w - pad_w;
  }
};

/// Columns: those of ImageShape, whose pads are what is left out, and outPadH, outPadW (outputs
/// more).
struct TransposedShape : ImageShape {
  std::int64_t output_padding_h, output_padding_w;

  std::int64_t out_height() const {
    return (height - 1) * stride_h + kernel_h + output_padding_h - 2 * pad_h;
  }
  std::int64_t out_width() const {
    return (width - 1) * stride_w + kernel_w + output_padding_w - 2 * pad_w;
  }
  /// The line from which a filter row leads to an output line; -1 if it is between lines.
  std::int64_t in_y(std::int64_t y, std::int64_t r) const {
    return origin(y + pad_h - r, stride_h);
  }
  std::int64_t in_x(std::int64_t x, std::int64_t c) const {
    return origin(x + pad_w - c, stride_w);
  }

 private:
  static std::int64_t origin(std::int64_t place, std::int64_t stride) {
    return place % stride == 0 ? place / stride : -1;
  }
};

/// A layer of a whole network, and how many such layers it has. Columns: those of ConvShape, and
/// network, operator ("conv", or "linear": a matrix of N rows and IC columns, all other sizes 1),
/// count.
struct NetworkShape {
  std::string network;
  bool linear;
  std::int64_t count;
  ConvShape shape;
};

/// Columns: name, B (matrices), M, N, K.
struct DynamicShape {
  std::string name;
  std::int64_t batch, m, n, k;
};

/// Columns: name, operation, rows, columns.
struct ConversionShape {
  std::string name;
  std::string operation;  ///< "quantize", "dequantize" or "requantize".
  std::int64_t rows, columns;
};

/// Columns: name, kind ("max" or "average"), N (images), H, W, C, R, S (window), strideH, strideW,
/// padH, padW (each on both sides).
struct PoolShape {
  std::string name;
  bool average;
  std::int64_t batch, height, width, channels, kernel_h, kernel_w;
  std::int64_t stride_h, stride_w, pad_h, pad_w;

  std::int64_t out_height() const { return (height + 2 * pad_h - kernel_h) / stride_h + 1; }
  std::int64_t out_width() const { return (width + 2 * pad_w - kernel_w) / stride_w + 1; }
};

std::vector<GemmShape> read_gemm_shapes(const std::string& path);
std::vector<ConvShape> read_conv_shapes(const std::string& path);
std::vector<NetworkShape> read_network_shapes(const std::string& path);
std::vector<TransposedShape> read_transposed_shapes(const std::string& path);
std::vector<DynamicShape> read_dynamic_shapes(const std::string& path);
std::vector<ConversionShape> read_conversion_shapes(const std::string& path);
std::vector<PoolShape> read_pool_shapes(const std::string& path);

}  // namespace octet::bench
