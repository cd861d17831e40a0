#include "operator.hpp"

#include <stdexcept>
#include <string_view>

#include "octet/executors/openmp.hpp"
#include "octet/isa.hpp"

namespace octet::bench {

void require(const Status& status) {
  if (!status.ok()) throw std::runtime_error("octet: " + std::string(status.message()));
}

std::string chosen_isa(const std::string& max_isa) {
  std::string_view chosen;
  require(choose_isa(max_isa, chosen));
  return std::string(chosen);
}

std::unique_ptr<Executor> make_executor(int threads) {
  if (threads == 1) return nullptr;
  return std::make_unique<OpenMpExecutor>(threads);
}

}  // namespace octet::bench
