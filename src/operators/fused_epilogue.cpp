#include "operators/fused_epilogue.hpp"

#include <cstring>

#include "operators/packed_weights.hpp"

namespace octet {

Epilogue epilogue_of_tiles(const Epilogue& epilogue) {
  if (epilogue.residual) return {.type = DataType::kS32, .bias = epilogue.bias};
  Epilogue tiles = epilogue;
  tiles.table = {};
  return tiles;
}

FusedEpilogue::FusedEpilogue(const Epilogue& epilogue) {
  const auto flip_of = [](DataType type) { return type == DataType::kS8 ? 0x80 : 0; };
  if (epilogue.residual) {
    adds_residual_ = true;
    residual_.scale = epilogue.scale.data();
    residual_.scale_step = epilogue.scale.size() > 1 ? 1 : 0;
    residual_.residual_scale = epilogue.residual->scale;
    residual_.residual_flip = flip_of(epilogue.residual->type);
    residual_.residual_zero_point = epilogue.residual->zero_point + residual_.residual_flip;
    residual_.epilogue = uniform_terms(epilogue);
  }
  if (!epilogue.table.empty()) {
    table_ = reinterpret_cast<const std::uint8_t*>(epilogue.table.data());
    table_flip_ = static_cast<std::uint8_t>(flip_of(epilogue.type));
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
