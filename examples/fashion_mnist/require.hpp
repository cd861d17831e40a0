/// What this program does with an octet::Status that is not ok: it gives up.
#pragma once

#include <stdexcept>
#include <string>

#include "octet/status.hpp"

namespace fashion_mnist {

inline void require(const octet::Status& status) {
  if (!status.ok()) throw std::runtime_error("octet: " + std::string(status.message()));
}

}  // namespace fashion_mnist
