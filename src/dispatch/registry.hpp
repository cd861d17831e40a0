/// The list of kernel tables, and which of them an operator uses.
#pragma once

#include <span>
#include <string_view>

#include "kernels/kernel.hpp"
#include "octet/status.hpp"

namespace octet {

/// Every compiled ISA, best first, in the order of octet::isas(). The last is scalar.
std::span<const KernelTable* const> kernel_tables() noexcept;

bool is_supported(const KernelTable& kernels) noexcept;

/// See choose_isa().
Status choose_kernels(std::string_view max_isa, const KernelTable*& chosen) noexcept;

}  // namespace octet
