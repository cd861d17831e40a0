/// What an epilogue does beyond a bias, a scale and a clamp: adding a residual, and a table.
///
/// Tiles add a residual in their own epilogues (EpilogueTerms::residual). The depthwise kernels
/// leave sums, of which another kernel makes outputs. A table is applied to the outputs of a panel
/// where they lie.
#pragma once

#include <cstdint>
#include <optional>

#include "dispatch/registry.hpp"
#include "octet/epilogue.hpp"
#include "octet/status.hpp"
#include "operators/aligned_buffer.hpp"

namespace octet {

class FusedEpilogue {
 public:
  FusedEpilogue() = default;  ///< Nothing.
  /// Reads the arrays of `epilogue` where they are.
  explicit FusedEpilogue(const Epilogue& epilogue);
  /// With copies of the arrays.
  static Status create(const Epilogue& epilogue, FusedEpilogue& fused);

  bool empty() const { return !adds_residual_ && table_ == nullptr; }
  bool adds_residual() const { return adds_residual_; }
  bool has_table() const { return table_ != nullptr; }

  /// Makes outputs of sums; of `args` all but the terms.
  void add_residual(const KernelTable& kernels, ResidualArgs args) const {
    args.terms = &residual_;
    kernels.elements->add_residual(args);
  }
  /// Columns [column, column + columns) of `count` rows of outputs through the table, if any.
  void look_up(const KernelTable& kernels, void* const* rows, std::int64_t count,
               std::int64_t column, std::int64_t columns) const {
    if (table_ != nullptr)
      kernels.elements->look_up({table_, table_flip_, rows, count, column, columns});
  }

 private:
  bool adds_residual_ = false;
  ResidualTerms residual_ = {};
  const std::uint8_t* table_ = nullptr;
  std::uint8_t table_flip_ = 0;
  AlignedBuffer<float> scale_;
  AlignedBuffer<std::uint8_t> table_copy_;
};

/// The part of check_epilogue() that is about residual and table.
Status check_fused(const Epilogue& epilogue);
/// What `run` gets where the epilogue adds a residual, or null where it does not. `out` is valid.
Status check_residual(const std::optional<Residual>& residual, const ConstMatrix& given,
                      const Matrix& out);
Status check_residual(const std::optional<Residual>& residual, const ConstImages& given,
                      const Images& out);
Status check_residual(const std::optional<Residual>& residual, const ConstVolumes& given,
                      const Volumes& out);

/// What the depthwise kernels do of an epilogue.
Epilogue epilogue_of_sums(const Epilogue& epilogue);

}  // namespace octet
