#include "dispatch/registry.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>

#include "dispatch/cpu_features.hpp"
#include "octet/isa.hpp"

namespace octet {

#define OCTET_ISA(name)            \
  namespace name {                 \
  extern const KernelTable kTable; \
  }
#include "octet_isas.inc"
#undef OCTET_ISA

namespace {

constexpr const KernelTable* kTables[] = {
#define OCTET_ISA(name) &name::kTable,
#include "octet_isas.inc"
#undef OCTET_ISA
};
constexpr std::size_t kCount = std::size(kTables);

/// "avx2, scalar": those that this CPU supports, or those that it lacks.
struct IsaNames {
  explicit IsaNames(bool supported) {
    for (const KernelTable* kernels : kTables) {
      if (is_supported(*kernels) != supported) continue;
      for (const char* separator = length > 0 ? ", " : ""; *separator != '\0'; ++separator)
        put(*separator);
      for (const char* c = kernels->name; *c != '\0'; ++c) put(*c);
    }
  }
  void put(char c) {
    if (length + 1 < sizeof text) text[length++] = c;
  }
  char text[96] = {};
  std::size_t length = 0;
};

/// Position of the ISA named in kTables; `source` says who named it.
Status find(std::string_view name, const char* source, std::size_t& index) {
  const int length = name.size() < 32 ? static_cast<int>(name.size()) : 32;
  for (index = 0; index < kCount; ++index) {
    if (kTables[index]->name != name) continue;
    if (is_supported(*kTables[index])) return {};
    return Status::error(StatusCode::kUnsupported,
                         "%s: this CPU lacks the ISA '%.*s'; it supports: %s", source, length,
                         name.data(), IsaNames(true).text);
  }
  return Status::error(StatusCode::kUnsupported,
                       "%s: unknown ISA '%.*s'; this CPU supports: %s; also compiled: %s", source,
                       length, name.data(), IsaNames(true).text, IsaNames(false).text);
}

}  // namespace

std::span<const KernelTable* const> kernel_tables() noexcept { return kTables; }

bool is_supported(const KernelTable& kernels) noexcept {
  return (kernels.needs & ~cpu_feature_bits()) == 0;
}

Status choose_kernels(std::string_view max_isa, const KernelTable*& chosen) noexcept {
  std::size_t best = 0;
  while (!is_supported(*kTables[best])) ++best;  // ends at scalar, which needs nothing
  if (!max_isa.empty()) {
    if (Status status = find(max_isa, "max_isa", best); !status.ok()) return status;
  }
  if (const char* cap = std::getenv("OCTET_MAX_ISA"); cap != nullptr && *cap != '\0') {
    std::size_t capped = 0;
    if (Status status = find(cap, "OCTET_MAX_ISA", capped); !status.ok()) return status;
    if (capped > best) best = capped;
  }
  chosen = kTables[best];
  return {};
}

Status choose_isa(std::string_view max_isa, std::string_view& chosen) noexcept {
  const KernelTable* kernels = nullptr;
  Status status = choose_kernels(max_isa, kernels);
  if (status.ok()) chosen = kernels->name;
  return status;
}

std::span<const IsaInfo> isas() noexcept {
  static const std::array<IsaInfo, kCount> infos = [] {
    std::array<IsaInfo, kCount> all = {};
    for (std::size_t i = 0; i < kCount; ++i) {
      const KernelTable& kernels = *kTables[i];
      all[i] = {kernels.name, is_supported(kernels), kernels.max_rows[kernels.max_vectors - 1],
                kernels.max_vectors * kernels.lanes};
    }
    return all;
  }();
  return infos;
}

}  // namespace octet
