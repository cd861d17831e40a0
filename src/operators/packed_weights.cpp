#include "operators/packed_weights.hpp"

#include <algorithm>
#include <cstdlib>

#include "dispatch/small_scales.hpp"
#include "operators/validate.hpp"

namespace octet {
namespace {

template <class T>
T at_or(std::span<const T> values, std::int64_t i, T otherwise) {
  if (values.empty()) return otherwise;
  return values[values.size() == 1 ? 0 : static_cast<std::size_t>(i)];
}

/// Largest |value - zero_point| over a type's range.
std::int64_t largest_distance(DataType type, std::int32_t zero_point) {
  const Range range = range_of(type);
  return std::max(range.max - zero_point, zero_point - range.min);
}

Status sums_could_overflow(std::int64_t column, std::int64_t low, std::int64_t high) {
  return Status::error(StatusCode::kOutOfRange,
                       "K is too large: the sum of column %lld plus its bias could reach [%lld, "
                       "%lld], beyond int32",
                       static_cast<long long>(column), static_cast<long long>(low),
                       static_cast<long long>(high));
}

Status check_column(const WeightsView& weights, const Quantization& quantization,
                    std::int64_t group, std::int64_t n) {
  const std::int64_t column = group * weights.n + n;
  const std::int64_t zero_point = at_or(quantization.rhs_zero_point, column, 0);
  const std::int64_t bias = at_or(quantization.epilogue.bias, column, 0);
  const std::int64_t sign_offset = weights.type == DataType::kS8 ? 128 : 0;
  std::int64_t positive = 0, negative = 0;
  for (std::int64_t tap = 0; tap < weights.taps; ++tap) {
    const std::uint8_t* byte = weights.data + group * weights.group_stride +
                               tap * weights.tap_stride + n * weights.n_stride;
    for (std::int64_t k = 0; k < weights.k; ++k, byte += weights.k_stride) {
      // Flipping the top bit of an s8 adds 128 to it.
      const std::int64_t value = (*byte ^ sign_offset) - sign_offset - zero_point;
      (value > 0 ? positive : negative) += value;
    }
  }
  const Range lhs = range_of(quantization.lhs_type);
  const std::int64_t most = lhs.max - quantization.lhs_zero_point;
  const std::int64_t least = lhs.min - quantization.lhs_zero_point;
  const std::int64_t high = most * positive + least * negative + bias;
  const std::int64_t low = least * positive + most * negative + bias;
  if (low < INT32_MIN || high > INT32_MAX) return sums_could_overflow(column, low, high);
  return {};
}

}  // namespace

namespace {

/// Vectors of the widest panel of weights of `values` values of k, which all tiles of a block read
/// again: it should stay in the L2 cache, beside the rows and the output. With three vectors a tile
/// still has more dot products than loads; narrower ones would lose more than they gain.
int widest_panel(const KernelTable& kernels, std::int64_t values) {
  constexpr std::int64_t kMostBytes = 640 * 1024;
  const std::int64_t bytes = values * kernels.max_vectors * kernels.lanes;
  return bytes > kMostBytes && kernels.max_vectors > 3 ? 3 : kernels.max_vectors;
}

}  // namespace

PackArgs pack_panel_args(const WeightsView& weights, std::int64_t group, const PanelSplit& split,
                         std::int64_t panel, KernelSign rhs, std::int8_t* packed,
                         std::int32_t* column_sums) {
  PackArgs args = {};
  args.source =
      weights.data + group * weights.group_stride + split.column(panel) * weights.n_stride;
  args.tap_stride = weights.tap_stride;
  args.k_stride = weights.k_stride;
  args.n_stride = weights.n_stride;
  args.taps = weights.taps;
  args.k = weights.k;
  args.columns = split.columns_of(panel);
  args.vectors = split.vectors_of(panel);
  args.flip = rhs.flip ? 0x80 : 0;
  args.panel = packed;
  args.column_sums = column_sums;
  // From the caches it costs a twentieth of 48 rows' products, from memory it saves a third.
  args.fetches_columns = weights.k >= 256 || !weights.fit_cache();
  return args;
}

EpilogueTerms uniform_terms(const Epilogue& epilogue) {
  EpilogueTerms terms = {};
  terms.type = epilogue.type;
  terms.min = epilogue.min;
  terms.max = epilogue.max;
  if (is_8bit(epilogue.type)) {
    const Range range = range_of(epilogue.type);
    terms.min = std::max(epilogue.min, static_cast<float>(range.min));
    terms.max = std::min(epilogue.max, static_cast<float>(range.max));
    terms.zero_point = epilogue.zero_point;
    terms.bytes = ByteTerms(epilogue.type, terms.zero_point, terms.min, terms.max);
    terms.small_scales = has_small_scales(epilogue);
  }
  if (epilogue.residual)
    terms.residual = ResidualScale(epilogue.residual->type == DataType::kS8,
                                   epilogue.residual->scale, epilogue.residual->zero_point);
  return terms;
}

void fill_panel_terms(const Quantization& quantization, KernelSign lhs, KernelSign rhs,
                      std::int64_t values, std::int64_t column, std::int64_t columns,
                      std::int64_t padded, const std::int32_t* column_sums,
                      const PanelTerms& terms) {
  const Epilogue& epilogue = quantization.epilogue;
  if (epilogue.scale.size() > 1) {
    std::copy_n(epilogue.scale.data() + column, columns, terms.scale);
  } else {
    std::fill_n(terms.scale, columns, at_or(epilogue.scale, 0, 1.0f));
  }
  std::fill_n(terms.scale + columns, padded - columns, 1.0f);

  // Wraps like the kernel's sums: only the total must fit int32. One loop for each term that there
  // is: this is done for every panel of every call with weights of its own.
  auto* const bias = reinterpret_cast<std::uint32_t*>(terms.bias);
  const auto lhs_zero_point = static_cast<std::uint32_t>(quantization.lhs_zero_point + lhs.shift);
  const std::uint32_t of_zero_point = static_cast<std::uint32_t>(values) * lhs_zero_point;
  const auto& zero_points = quantization.rhs_zero_point;
  const std::int32_t one_zero_point = at_or(zero_points, 0, 0) + rhs.shift;
  for (std::int64_t i = 0; i < padded; ++i) {  // the bias may stand where the sums stood
    bias[i] = column_sums == nullptr
                  ? 0
                  : 0 - lhs_zero_point * static_cast<std::uint32_t>(column_sums[i]);
  }
  for (std::int64_t i = 0; i < columns && !epilogue.bias.empty(); ++i)
    bias[i] += static_cast<std::uint32_t>(epilogue.bias[column + i]);
  if (zero_points.size() > 1) {
    for (std::int64_t i = 0; i < columns; ++i)
      bias[i] += of_zero_point * static_cast<std::uint32_t>(zero_points[column + i] + rhs.shift);
  } else if (one_zero_point != 0) {
    for (std::int64_t i = 0; i < columns; ++i)
      bias[i] += of_zero_point * static_cast<std::uint32_t>(one_zero_point);
  }
  if (terms.rhs_zero_point == nullptr) return;
  for (std::int64_t i = 0; i < padded; ++i)
    terms.rhs_zero_point[i] = i < columns ? at_or(zero_points, column + i, 0) + rhs.shift : 0;
}

bool needs_row_sums(const Quantization& quantization, KernelSign rhs) {
  const auto& zero_points = quantization.rhs_zero_point;
  if (zero_points.empty()) return rhs.shift != 0;
  return std::any_of(zero_points.begin(), zero_points.end(),
                     [&](std::int32_t zero_point) { return zero_point + rhs.shift != 0; });
}

Status check_sums_fit(const WeightsView& weights, const Quantization& quantization) {
  // A bound for any weights first: it spares nearly every caller the look at them.
  std::int64_t rhs_distance = 0;
  for (std::size_t i = 0; i < std::max<std::size_t>(quantization.rhs_zero_point.size(), 1); ++i) {
    const std::int32_t zero_point =
        at_or(quantization.rhs_zero_point, static_cast<std::int64_t>(i), 0);
    rhs_distance = std::max(rhs_distance, largest_distance(weights.type, zero_point));
  }
  std::int64_t bias = 0;
  for (const std::int32_t value : quantization.epilogue.bias)
    bias = std::max(bias, std::abs(std::int64_t{value}));
  std::int64_t values = 0, bound = 0;
  OCTET_RETURN_IF_ERROR(checked_product("taps * K", weights.taps, weights.k, values));
  const std::int64_t product =
      rhs_distance * largest_distance(quantization.lhs_type, quantization.lhs_zero_point);
  OCTET_RETURN_IF_ERROR(checked_product("K", values, product, bound));
  if (bound <= INT32_MAX - bias) return {};
  if (weights.data == nullptr) return sums_could_overflow(0, -bound - bias, bound + bias);

  for (std::int64_t group = 0; group < weights.groups; ++group) {
    for (std::int64_t n = 0; n < weights.n; ++n)
      OCTET_RETURN_IF_ERROR(check_column(weights, quantization, group, n));
  }
  return {};
}

std::int64_t PackedWeights::whole_k(const KernelTable& kernels, std::int64_t columns,
                                    std::int64_t taps, std::int64_t k) {
  // A k-group that is all there is takes half of a span's dot products.
  const bool spans = columns <= kernels.lanes && taps * k > kKr;
  return round_up(k, std::int64_t{spans ? kernels.narrow_span : kKr});
}

Status PackedWeights::create(const KernelTable& kernels, const WeightsView& weights,
                             const Quantization& quantization, std::int64_t k,
                             PackedWeights& packed) {
  const KernelSign lhs(quantization.lhs_type, kernels.lhs_signed);
  const KernelSign rhs(weights.type, true);
  PackedWeights made;
  made.kernels_ = &kernels;
  made.split_ = PanelSplit(weights.n, kernels, widest_panel(kernels, weights.taps * weights.k));
  made.groups_ = weights.groups;
  made.taps_ = weights.taps;
  made.k_ = k;
  made.packed_k_ = weights.k;
  made.flips_lhs_ = lhs.flip;

  const bool row_sums = needs_row_sums(quantization, rhs);
  const std::int64_t terms = weights.groups * made.split_.padded_columns();
  made.terms_ = allocate<EpilogueTerms>(1);
  made.panels_ = allocate<Panel>(weights.groups * made.split_.panels);
  made.tiles_ = allocate<PanelTiles>(weights.groups * made.split_.panels * kBlockSizes);
  made.data_ = allocate<std::int8_t>(made.bytes());
  made.bias_ = allocate<std::int32_t>(terms);
  made.scale_ = allocate<float>(terms);
  if (row_sums) made.rhs_zero_point_ = allocate<std::int32_t>(terms);
  if (!made.terms_ || !made.panels_ || !made.tiles_ || !made.data_ || !made.bias_ || !made.scale_ ||
      (row_sums && !made.rhs_zero_point_))
    return Status::error(StatusCode::kOutOfMemory, "no memory for %lld bytes of packed weights",
                         static_cast<long long>(made.bytes()));
  made.terms_[0] = uniform_terms(quantization.epilogue);
  made.terms_[0].bias = made.bias_.get();
  made.terms_[0].scale = made.scale_.get();
  made.terms_[0].rhs_zero_point = made.rhs_zero_point_.get();

  for (std::int64_t group = 0; group < weights.groups; ++group) {
    for (std::int64_t p = 0; p < made.split_.panels; ++p) {
      const Panel panel = made.panels_[group * made.split_.panels + p] = made.make_panel(group, p);
      const PackArgs args =
          pack_panel_args(weights, group, made.split_, p, rhs, const_cast<std::int8_t*>(panel.data),
                          made.bias_.get() + panel.term);
      kernels.pack(args);
      fill_panel_terms(quantization, lhs, rhs, weights.taps * k,
                       group * weights.n + made.split_.column(p), args.columns,
                       args.vectors * made.split_.lanes, args.column_sums,
                       {made.bias_.get() + panel.term, made.scale_.get() + panel.term,
                        row_sums ? made.rhs_zero_point_.get() + panel.term : nullptr});
    }
  }
  made.choose_tiles();
  packed = std::move(made);
  return {};
}

void PackedWeights::choose_tiles() {
  for (std::int64_t i = 0; i < groups_ * split_.panels; ++i) {
    PanelTiles* tiles = tiles_.get() + i * kBlockSizes;
    for (int block = 0; block < kBlockSizes; ++block)
      tiles[block] = PanelTiles(*kernels_, panels_[i], static_cast<BlockTiles>(block));
    panels_[i].tiles = tiles;
  }
}

Panel PackedWeights::make_panel(std::int64_t group, std::int64_t panel) const {
  constexpr std::int64_t kInCache = 1024 * 1024;  // weights that the L2 cache keeps anyway
  const std::int64_t vector = group * split_.vectors + split_.first_vector(panel);
  const int vectors = split_.vectors_of(panel);
  const std::int8_t* data = data_.get() + vector * bytes_per_vector();
  const bool fetches = bytes() > kInCache && panel + 1 < split_.panels;
  return {.terms = &terms(),
          .data = data,
          .next = fetches ? data + vectors * bytes_per_vector() : nullptr,
          .taps = taps_,
          .k = packed_k_,
          .vectors = vectors,
          .columns = split_.columns_of(panel),
          .row_offset = group * row_bytes(),
          .column = group * split_.n + split_.column(panel),
          .term = group * split_.padded_columns() + split_.column(panel),
          .flip = flips_lhs_,
          .gaps = nullptr,
          .tiles = nullptr};
}

}  // namespace octet
