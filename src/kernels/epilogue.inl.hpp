// From sums to results, written once for every ISA. Included inside an ISA's anonymous namespace.

/// Largest float32 that is given to the conversion to int32, which turns larger ones into the
/// smallest int32. Below, it turns them into that one rightly: 8 bits are left either way.
constexpr float kIntLimit = 1073741824.0f;

/// Rows that are finished together: narrowing to 8 bits takes up to four vectors at a time.
template <int kNv>
constexpr int kFinishRows = kNv > 2 ? 1 : 4 / kNv;

/// Calls `f` with the constant that stands for the output's type: kS8 for both 8-bit types.
template <class F>
OCTET_INLINE void with_output_type(DataType type, F f) {
  if (type != DataType::kS32 && type != DataType::kF32) [[likely]] {
    f(std::integral_constant<DataType, DataType::kS8>{});
  } else if (type == DataType::kF32) {
    f(std::integral_constant<DataType, DataType::kF32>{});
  } else {
    f(std::integral_constant<DataType, DataType::kS32>{});
  }
}

/// One vector of sums without what the zero points of the weights contributed.
template <class Simd>
OCTET_INLINE typename Simd::I32Batch without_zero_points(typename Simd::I32Batch sum,
                                                         const std::int32_t* zero_points,
                                                         std::int32_t row_sum) {
  using I32 = typename Simd::I32Batch;
  return sum - I32::load_unaligned(zero_points) * I32(row_sum);
}

/// Real results and what a residual adds to them, whose bytes are in `bytes`, one in a lane.
template <class Simd>
OCTET_INLINE typename Simd::F32Batch with_residual(typename Simd::F32Batch real,
                                                   typename Simd::I32Batch bytes,
                                                   const ResidualScale& residual) {
  using F32 = typename Simd::F32Batch;
  const typename Simd::I32Batch bits(static_cast<std::int32_t>(residual.bits));
  return real + (F32(Simd::floats(bytes ^ bits)) - F32(residual.zero)) * F32(residual.scale);
}

struct WithoutResidual {
  template <class F32>
  OCTET_INLINE F32 operator()(F32 real, int) const {
    return real;
  }
};

/// Finishes rows [first, first + kFinishRows) of a job, or fewer if there are no more than `left`;
/// sum(v) gives vector v % kNv of row first + v / kNv, the bias and zero points accounted for, and
/// add(real, v) adds its residual, if any. Without kLargeScales no product may leave int32.
template <class Simd, int kNv, DataType kType, bool kLargeScales = true, class Left, class Sum,
          class Add = WithoutResidual>
OCTET_INLINE void finish_rows(const FinishJob& job, const EpilogueTerms& terms, std::int64_t first,
                              Left left, Sum sum, Add add = {}) {
  using I32 = typename Simd::I32Batch;
  using F32 = typename Simd::F32Batch;
  constexpr int kLanes = Simd::kLanes;
  constexpr int kRows = kFinishRows<kNv>;
  // One vector after the other: beside dot products few registers are free.
  typename Simd::I32 out[kRows * kNv];
  unroll<kRows * kNv>([&](auto v) OCTET_INLINE_LAMBDA {
    const std::int64_t term = job.term + v % kNv * kLanes;
    const I32 total = sum(v);
    if constexpr (kType == DataType::kS32) {
      out[v] = total;
    } else {
      const F32 real = add(xsimd::to_float(total) * F32::load_unaligned(terms.scale + term), v);
      if constexpr (kType == DataType::kF32) {
        out[v] = Simd::bits(Simd::clamp(real, F32(terms.min), F32(terms.max)));
      } else {
        out[v] = xsimd::nearbyint_as_int(kLargeScales ? xsimd::min(real, F32(kIntLimit)) : real);
      }
    }
  });
  if constexpr (kType == DataType::kS8) {
    const auto bytes = Simd::narrow(out, terms.bytes);
    void* const* out_rows = job.out + first;  // copies, which the stores cannot change
    const std::int64_t column = job.column;
    const auto store_rows = [&](auto columns) OCTET_INLINE_LAMBDA {
      unroll<kRows>([&](auto row) OCTET_INLINE_LAMBDA {
        if (row >= left) return;
        auto* to = static_cast<std::uint8_t*>(out_rows[row]) + column;
        Simd::template store_bytes<kNv>(to, bytes, row, columns);
      });
    };
    constexpr std::integral_constant<int, kNv * kLanes> kAll;
    if (job.columns == kAll) [[likely]] {  // asked once: rows of few values of k notice
      store_rows(kAll);
    } else {
      store_rows(job.columns);
    }
  } else {
    unroll<kRows>([&](auto row) OCTET_INLINE_LAMBDA {
      if (row >= left) return;
      auto* to = static_cast<std::int32_t*>(job.out[first + row]) + job.column;
      unroll<kNv - 1>([&](auto j) OCTET_INLINE_LAMBDA {
        I32(out[row * kNv + j]).store_unaligned(to + j * kLanes);
      });
      Simd::store_partial(to + (kNv - 1) * kLanes, out[row * kNv + kNv - 1],
                          job.columns - (kNv - 1) * kLanes);
    });
  }
}

/// Vector v of rows [first, ...) of a job, of which `left` are left: its sum, of those that lie at
/// `sums`, with bias and zero points.
template <class Simd, int kNv>
OCTET_INLINE typename Simd::I32Batch waiting_sum(const FinishJob& job, const EpilogueTerms& terms,
                                                 const std::int32_t* sums, std::int64_t first,
                                                 std::int64_t left, int v) {
  using I32 = typename Simd::I32Batch;
  const std::int64_t term = job.term + v % kNv * Simd::kLanes;
  const I32 sum = I32(Simd::load(sums + v * Simd::kLanes)) + I32(Simd::load(terms.bias + term));
  if (terms.rhs_zero_point == nullptr) [[likely]]
    return sum;
  const std::int64_t row = first + (v / kNv < left ? v / kNv : 0);
  return without_zero_points<Simd>(sum, terms.rhs_zero_point + term, job.row_sums[row]);
}

/// Finishes the next rows of a job that adds no residual.
template <class Simd, int kNv>
OCTET_INLINE void finish_step(FinishJob& job) {
  const EpilogueTerms& terms = *job.epilogue;
  const std::int64_t first = job.next_row, left = job.rows - first;
  const std::int32_t* sums = job.sums + first * kNv * Simd::kLanes;
  with_output_type(terms.type, [&](auto type) OCTET_INLINE_LAMBDA {
    finish_rows<Simd, kNv, type>(job, terms, first, left, [&](auto v) OCTET_INLINE_LAMBDA {
      return waiting_sum<Simd, kNv>(job, terms, sums, first, left, v);
    });
  });
  job.next_row += kFinishRows<kNv>;
}

/// The residual of `rows` rows from `row` on, each in a vector of bytes. All of it is read before
/// outputs are written, which may lie in its place: a load that overlaps a partial store waits.
template <class Simd>
OCTET_INLINE void copy_residual(const FinishJob& job, std::int64_t row, std::int64_t rows,
                                std::uint8_t (*copy)[4 * Simd::kLanes]) {
  const auto columns = Simd::first_bytes(job.columns);
  for (std::int64_t i = 0; i < rows; ++i)
    Simd::store(copy[i], Simd::load_first_bytes(job.residual[row + i] + job.column, columns));
}

/// finish_rows(), with a residual that copy_residual() has copied from row `first` on.
template <class Simd, int kNv, DataType kType, class Left, class Sum>
OCTET_INLINE void finish_rows_with(const std::uint8_t (*residual)[4 * Simd::kLanes],
                                   const FinishJob& job, const EpilogueTerms& terms,
                                   std::int64_t first, Left left, Sum sum) {
  finish_rows<Simd, kNv, kType>(
      job, terms, first, left, sum, [&](typename Simd::F32Batch real, auto v) OCTET_INLINE_LAMBDA {
        const std::uint8_t* bytes = residual[v / kNv] + v % kNv * Simd::kLanes;
        return with_residual<Simd>(real, Simd::load_channels(bytes), terms.residual);
      });
}

/// Rows [row, row + rows) of a job that adds a residual, at most kMaxTileRows, of sums that are
/// complete.
template <class Simd, int kNv>
[[gnu::noinline]] void finish_with_residual(const std::int32_t* sums, const FinishJob& job,
                                            std::int64_t row, std::int64_t rows) {
  constexpr int kRows = kFinishRows<kNv>;
  const EpilogueTerms terms = *job.epilogue;  // a copy, which stores to the output cannot change
  alignas(64) std::uint8_t residual[kMaxTileRows + kRows - 1][4 * Simd::kLanes];
  copy_residual<Simd>(job, row, rows, residual);
  const auto finish_all = [&](auto type) OCTET_INLINE_LAMBDA {
    for (std::int64_t i = 0; i < rows; i += kRows, sums += kRows * kNv * Simd::kLanes) {
      finish_rows_with<Simd, kNv, type>(
          residual + i, job, terms, row + i, rows - i, [&](auto v) OCTET_INLINE_LAMBDA {
            return typename Simd::I32Batch(Simd::load(sums + v * Simd::kLanes));
          });
    }
  };
  if (terms.type == DataType::kF32) {
    finish_all(std::integral_constant<DataType, DataType::kF32>{});
  } else {
    finish_all(std::integral_constant<DataType, DataType::kS8>{});
  }
}

/// What is left of a job that adds a residual: first the sums are completed.
template <class Simd, int kNv>
void finish_waiting_with_residual(FinishJob& job) {
  constexpr std::int64_t kRowSums = kNv * Simd::kLanes;
  alignas(64) std::int32_t sums[(kMaxTileRows + kFinishRows<kNv> - 1) * kRowSums];
  for (std::int64_t rows = 0; job.next_row < job.rows; job.next_row += rows) {
    rows = job.rows - job.next_row < kMaxTileRows ? job.rows - job.next_row : kMaxTileRows;
    for (std::int64_t i = 0; i < rows; ++i) {
      for (int j = 0; j < kNv; ++j)
        Simd::store(
            sums + i * kRowSums + j * Simd::kLanes,
            waiting_sum<Simd, kNv>(job, *job.epilogue, job.sums + (job.next_row + i) * kRowSums,
                                   job.next_row + i, 1, j));
    }
    finish_with_residual<Simd, kNv>(sums, job, job.next_row, rows);
  }
}

template <class Simd, int kNv>
void finish(FinishJob& job) {
  if (job.epilogue->residual.is_used()) return finish_waiting_with_residual<Simd, kNv>(job);
  while (job.next_row < job.rows) finish_step<Simd, kNv>(job);
}

/// Rows [row, row + rows) of any outputs, of sums that are complete. Called, or the tiles would
/// hold the epilogues of all types.
template <class Simd, int kNv>
[[gnu::noinline]] void finish_stored(const std::int32_t* sums, const FinishJob& job,
                                     const EpilogueTerms& terms, std::int64_t row,
                                     std::int64_t rows) {
  using I32 = typename Simd::I32Batch;
  if (terms.residual.is_used()) return finish_with_residual<Simd, kNv>(sums, job, row, rows);
  with_output_type(terms.type, [&](auto type) OCTET_INLINE_LAMBDA {
    for (std::int64_t i = 0; i < rows; i += kFinishRows<kNv>) {
      finish_rows<Simd, kNv, type>(job, terms, row + i, rows - i, [&](auto v) OCTET_INLINE_LAMBDA {
        return I32(Simd::load(sums + (i * kNv + v) * Simd::kLanes));
      });
    }
  });
}

/// What finish_rows() asks for, of sums in registers from row kFirst of the tile on. For rows
/// beyond the tile, which are not stored, the last one's.
template <class Simd, int kFirst, int kMr, int kNv>
OCTET_INLINE auto sums_from(const typename Simd::I32 (&acc)[kMr][kNv]) {
  return [&acc](auto v) OCTET_INLINE_LAMBDA {
    constexpr int kVectors = kSumVectors<Simd, kNv>;
    const auto& row = acc[kFirst + v / kVectors < kMr ? kFirst + v / kVectors : kMr - 1];
    if constexpr (TwinTiles<Simd>)
      return typename Simd::I32Batch(Simd::add_pairs(row[0], row[1]));
    else
      return typename Simd::I32Batch(row[v % kNv]);
  };
}

/// Rows of a tile, kFinishRows of them from number kStep * kFinishRows on, whose sums are in
/// registers, and complete: 8-bit outputs that need no clamp before they are rounded. `row` is the
/// tile's first.
template <class Simd, int kStep, int kMr, int kNv>
OCTET_INLINE void finish_rows_of_tile(const typename Simd::I32 (&acc)[kMr][kNv],
                                      const FinishJob& job, const EpilogueTerms& terms,
                                      std::int64_t row) {
  constexpr int kVectors = kSumVectors<Simd, kNv>;
  constexpr int kFirst = kStep * kFinishRows<kVectors>;
  constexpr std::integral_constant<int, kMr - kFirst> kLeft;
  finish_rows<Simd, kVectors, DataType::kS8, false>(job, terms, row + kFirst, kLeft,
                                                    sums_from<Simd, kFirst>(acc));
}
/// How often that is for a tile of kMr rows.
template <int kMr, int kNv>
constexpr int kFinishSteps = (kMr + kFinishRows<kNv> - 1) / kFinishRows<kNv>;
/// Whether tiles add a residual to sums in registers: those that most rows have, or the code would
/// be too large.
template <class Simd, int kMr, int kNv>
constexpr bool kAddsInRegisters =
    Simd::kWorksBeside && !StagesRows<Simd> && kNv > 1 && 4 * kMr* kNv >= 2 * Simd::kPeakSums;

/// Finishes rows [row, row + kMr) of a job, whose sums are in registers, and began as the bias:
/// where they are, if the outputs are 8-bit and need no clamp before they are rounded, or a
/// residual is added to them. `job` and `terms` are copies of `called` and what it points to: where
/// only that is handed on, all of them can stay in registers.
template <class Simd, int kMr, int kNv>
OCTET_INLINE void finish_registers(typename Simd::I32 (&acc)[kMr][kNv], const FinishJob& job,
                                   const EpilogueTerms& terms, std::int64_t row,
                                   const FinishJob& called) {
  using I32 = typename Simd::I32Batch;
  if (terms.rhs_zero_point != nullptr) [[unlikely]] {
    unroll<kMr, kNv>([&](auto i, auto j) OCTET_INLINE_LAMBDA {
      acc[i][j] = without_zero_points<Simd>(I32(acc[i][j]),
                                            terms.rhs_zero_point + job.term + j * Simd::kLanes,
                                            job.row_sums[row + i]);
    });
  }
  constexpr int kRows = kFinishRows<kNv>;
  if (size_of(terms.type) != 1 || !terms.small_scales) [[unlikely]] {
    if (kAddsInRegisters<Simd, kMr, kNv> && size_of(terms.type) == 1 && terms.residual.is_used()) {
      alignas(64) std::uint8_t residual[kMr + kRows - 1][4 * Simd::kLanes];
      copy_residual<Simd>(job, row, kMr, residual);
      unroll<kFinishSteps<kMr, kNv>>([&](auto step) OCTET_INLINE_LAMBDA {
        constexpr int kFirst = step * kRows;
        constexpr std::integral_constant<int, kMr - kFirst> kLeft;
        finish_rows_with<Simd, kNv, DataType::kS8>(residual + kFirst, job, terms, row + kFirst,
                                                   kLeft, sums_from<Simd, kFirst>(acc));
      });
      return;
    }
    alignas(64) std::int32_t sums[kFinishSteps<kMr, kNv> * kRows][kNv][Simd::kLanes];
    unroll<kMr, kNv>([&](auto i, auto j)
                         OCTET_INLINE_LAMBDA { Simd::store(sums[i][j], acc[i][j]); });
    if constexpr (StagesRows<Simd>) {  // with the copies in registers Clang 19 moves sums in 6x2
      finish_stored<Simd, kNv>(sums[0][0], job, terms, row, kMr);
    } else {
      finish_stored<Simd, kNv>(sums[0][0], called, *called.epilogue, row, kMr);
    }
    return;
  }
  unroll<kFinishSteps<kMr, kNv>>([&](auto step) OCTET_INLINE_LAMBDA {
    finish_rows_of_tile<Simd, step>(acc, job, terms, row);
  });
}
