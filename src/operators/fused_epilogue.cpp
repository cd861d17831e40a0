#include "operators/fused_epilogue.hpp"

#include <algorithm>
#include <cstring>

#include "operators/packed_weights.hpp"
#include "operators/validate.hpp"

namespace octet {

Status check_fused(const Epilogue& epilogue) {
  if (epilogue.residual) {
    if (epilogue.type == DataType::kS32)
      return Status::invalid_argument("epilogue.residual must be empty for an s32 output");
    const Residual& residual = *epilogue.residual;
    OCTET_RETURN_IF_ERROR(check_8bit("epilogue.residual.type", residual.type));
    // With the largest value the product is finite, so that t is a number.
    if (!(residual.scale > 0.0f && residual.scale <= 1e36f))
      return Status::invalid_argument(
          "epilogue.residual.scale is %g, but must be greater than 0 and at most 1e36",
          static_cast<double>(residual.scale));
    OCTET_RETURN_IF_ERROR(
        check_zero_point("epilogue.residual.zero_point", residual.zero_point, residual.type));
  }
  if (epilogue.table.empty()) return {};
  if (!is_8bit(epilogue.type))
    return Status::invalid_argument("epilogue.table must be empty for a %s output",
                                    name_of(epilogue.type));
  if (epilogue.table.size() != 256)
    return Status::invalid_argument("epilogue.table has %zu elements, but must have 0 or 256",
                                    epilogue.table.size());
  if (epilogue.table.data() == nullptr) return Status::invalid_argument("epilogue.table is null");
  return {};
}

namespace {

/// Refuses a residual that nobody asked for.
Status check_presence(const std::optional<Residual>& residual, bool given) {
  if (!residual && given)
    return Status::invalid_argument("residual is given, but there is no epilogue.residual");
  return {};
}

/// Images or volumes.
template <class Given, class Out>
Status check_same_pixels(const Given& given, const Out& out) {
  OCTET_RETURN_IF_ERROR(check_equal("residual.batch", given.batch, out.batch, "out.batch"));
  OCTET_RETURN_IF_ERROR(check_equal("residual.height", given.height, out.height, "out.height"));
  OCTET_RETURN_IF_ERROR(check_equal("residual.width", given.width, out.width, "out.width"));
  return check_equal("residual.channels", given.channels, out.channels, "out.channels");
}

}  // namespace

Status check_residual(const std::optional<Residual>& residual, const ConstMatrix& given,
                      const Matrix& out) {
  OCTET_RETURN_IF_ERROR(check_presence(residual, given.data != nullptr));
  if (!residual) return {};
  OCTET_RETURN_IF_ERROR(check_type("residual.type", given.type, residual->type));
  OCTET_RETURN_IF_ERROR(check_matrix("residual", given));
  OCTET_RETURN_IF_ERROR(check_equal("residual.rows", given.rows, out.rows, "out.rows"));
  return check_equal("residual.columns", given.columns, out.columns, "out.columns");
}

Status check_residual(const std::optional<Residual>& residual, const ConstImages& given,
                      const Images& out) {
  OCTET_RETURN_IF_ERROR(check_presence(residual, given.data != nullptr));
  if (!residual) return {};
  OCTET_RETURN_IF_ERROR(check_type("residual.type", given.type, residual->type));
  OCTET_RETURN_IF_ERROR(check_images("residual", given));
  return check_same_pixels(given, out);
}

Status check_residual(const std::optional<Residual>& residual, const ConstVolumes& given,
                      const Volumes& out) {
  OCTET_RETURN_IF_ERROR(check_presence(residual, given.data != nullptr));
  if (!residual) return {};
  OCTET_RETURN_IF_ERROR(check_type("residual.type", given.type, residual->type));
  OCTET_RETURN_IF_ERROR(check_volumes("residual", given));
  OCTET_RETURN_IF_ERROR(check_equal("residual.depth", given.depth, out.depth, "out.depth"));
  return check_same_pixels(given, out);
}

Epilogue epilogue_of_sums(const Epilogue& epilogue) {
  if (epilogue.residual) return {.type = DataType::kS32, .bias = epilogue.bias};
  return epilogue;
}

FusedEpilogue::FusedEpilogue(const Epilogue& epilogue) {
  if (epilogue.residual) {
    adds_residual_ = true;
    residual_.scale = epilogue.scale.data();
    residual_.scale_step = epilogue.scale.size() > 1 ? 1 : 0;
    residual_.epilogue = uniform_terms(epilogue);
  }
  if (!epilogue.table.empty()) {
    table_ = reinterpret_cast<const std::uint8_t*>(epilogue.table.data());
    table_flip_ = epilogue.type == DataType::kS8 ? 0x80 : 0;
  }
}

Status FusedEpilogue::create(const Epilogue& epilogue, FusedEpilogue& fused) {
  FusedEpilogue made(epilogue);
  if (made.adds_residual_) {
    made.scale_ = allocate<float>(static_cast<std::int64_t>(epilogue.scale.size()));
    if (made.scale_) std::copy(epilogue.scale.begin(), epilogue.scale.end(), made.scale_.get());
    made.residual_.scale = made.scale_.get();
  }
  if (made.table_ != nullptr) {
    made.table_copy_ = allocate<std::uint8_t>(256);
    if (made.table_copy_) std::memcpy(made.table_copy_.get(), made.table_, 256);
    made.table_ = made.table_copy_.get();
  }
  if ((made.adds_residual_ && !made.scale_) || (!epilogue.table.empty() && !made.table_copy_))
    return Status::error(StatusCode::kOutOfMemory, "no memory for an epilogue");
  fused = std::move(made);
  return {};
}

}  // namespace octet
