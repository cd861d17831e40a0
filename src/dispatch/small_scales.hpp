#pragma once

#include <algorithm>

#include "octet/epilogue.hpp"

namespace octet {

/// What EpilogueTerms::small_scales says of an epilogue.
inline bool has_small_scales(const Epilogue& epilogue) {
  return !epilogue.residual && std::all_of(epilogue.scale.begin(), epilogue.scale.end(),
                                           [](float scale) { return scale <= 0.5f; });
}

}  // namespace octet
