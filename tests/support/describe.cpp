#include <sstream>

#include "support/random.hpp"
#include "support/reference.hpp"

namespace octet::test {
namespace {

template <class T>
void describe_column_values(std::ostream& out, const char* name, const std::vector<T>& values) {
  out << ' ' << name;
  if (values.empty()) {
    out << " none";
  } else {
    out << (values.size() == 1 ? " " : "[] ") << values.front();
  }
}

void describe(std::ostream& out, const OwnedEpilogue& epilogue) {
  out << " -> " << name_of(epilogue.type) << " zp " << epilogue.zero_point << " clamp ["
      << epilogue.min << ", " << epilogue.max << ']';
  describe_column_values(out, "scale", epilogue.scale);
  describe_column_values(out, "bias", epilogue.bias);
  if (epilogue.residual) {
    const Residual& r = *epilogue.residual;
    out << " residual " << name_of(r.type) << " scale " << r.scale << " zp " << r.zero_point;
  }
  if (!epilogue.table.empty()) out << " table";
}

/// What images and filters have in common.
template <class Config>
void describe_images(std::ostream& out, const ImageProblem<Config>& p, const char* weights_layout) {
  const Config& c = p.config;
  out << " in [" << p.batch << ", " << p.height << ", " << p.width << ", " << c.in_channels << "] "
      << name_of(c.in_type) << " zp " << c.in_zero_point << " kernel " << c.kernel_h << 'x'
      << c.kernel_w << " stride " << c.stride_h << 'x' << c.stride_w << " dilation " << c.dilation_h
      << 'x' << c.dilation_w << " pads " << c.pad_top << ' ' << c.pad_left << ' ' << c.pad_bottom
      << ' ' << c.pad_right << " groups " << c.groups << " channels out " << c.out_channels
      << " weights " << name_of(c.weights_type) << ' ' << weights_layout;
  describe_column_values(out, "zp", p.weights_zero_point);
  describe(out, p.epilogue);
  for (std::int64_t gap : p.in_gaps) out << " in gap " << gap;
  for (std::int64_t gap : p.out_gaps) out << " out gap " << gap;
}

}  // namespace

std::string describe(const GemmProblem& p) {
  std::ostringstream out;
  out << "gemm m " << p.m << " n " << p.n << " k " << p.k << ' ' << name_of(p.lhs_type) << " zp "
      << p.lhs_zero_point << " x " << name_of(p.rhs_type);
  describe_column_values(out, "zp", p.rhs_zero_point);
  describe(out, p.epilogue);
  out << (p.rhs_transposed ? " rhs_transposed" : "") << " gaps " << p.lhs_gap << ' ' << p.rhs_gap
      << ' ' << p.out_gap;
  return out.str();
}

std::string describe(const ConvolutionProblem& p) {
  static constexpr const char* kLayouts[] = {"OHWI", "OIHW", "HWIO"};
  std::ostringstream out;
  out << "convolution";
  describe_images(out, p, kLayouts[static_cast<int>(p.config.weights_layout)]);
  return out.str();
}

std::string describe(const TransposedProblem& p) {
  static constexpr const char* kLayouts[] = {"IOHW", "OHWI", "HWOI"};
  std::ostringstream out;
  out << "transposed";
  describe_images(out, p, kLayouts[static_cast<int>(p.config.weights_layout)]);
  out << " output padding " << p.config.output_padding_h << 'x' << p.config.output_padding_w;
  return out.str();
}

}  // namespace octet::test
