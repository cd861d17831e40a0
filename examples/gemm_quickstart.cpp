// A linear layer in 8 bits: out [2, 3] = lhs [2, 4] x weights [3, 4] transposed.
#include <iostream>

#include "octet/octet.hpp"

int main() {
  const std::int8_t weights[] = {1, 2, 3, 4, 10, -20, 30, -40, 127, -128, 127, -128};  // [N, K]
  const std::uint8_t lhs[] = {129, 130, 131, 132, 0, 255, 0, 255};                     // [M, K]
  std::uint8_t out[6] = {};                                                            // [M, N]
  const float scale[] = {0.5f, 0.005f, 0.001f};  // lhs.scale * weights.scale[n] / out.scale
  const std::int32_t bias[] = {5, 0, -100};      // in units of lhs.scale * weights.scale[n]

  octet::Gemm gemm;  // Create once: checks, packs the weights, chooses the kernel ...
  octet::Status status = octet::Gemm::create(
      {.lhs_zero_point = 128,
       .rhs_transposed = true,
       .epilogue = {.type = octet::DataType::kU8, .scale = scale, .bias = bias, .zero_point = 100}},
      octet::const_matrix(weights, 3, 4), gemm);

  octet::Workspace workspace;  // ... run many times, with any number of rows.
  if (status.ok())
    status = gemm.run(octet::const_matrix(lhs, 2, 4), octet::matrix(out, 2, 3),
                      {.scratch = workspace.reserve(gemm.scratch_bytes(2))});
  if (!status.ok()) {
    std::cerr << status.message() << '\n';
    return 1;
  }
  for (int i = 0; i < 6; ++i) std::cout << int{out[i]} << (i % 3 == 2 ? '\n' : ' ');
}
