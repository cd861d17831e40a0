#include <cstdint>
#include <cstdio>
#include <octet/octet.hpp>
#include <string>

// [1, 2] x [2, 1]: 3 * 5 + 4 * -6.
int main() {
  const std::uint8_t lhs[] = {3, 4};
  const std::int8_t rhs[] = {5, -6};
  std::int32_t out[1] = {};
  octet::Gemm gemm;
  octet::Workspace workspace;
  octet::Status status = octet::Gemm::create({}, octet::const_matrix(rhs, 2, 1), gemm);
  if (status.ok()) {
    status = gemm.run(octet::const_matrix(lhs, 1, 2), octet::matrix(out, 1, 1),
                      {.scratch = workspace.reserve(gemm.scratch_bytes(1))});
  }
  std::printf("%d %s\n", out[0], std::string(status.message()).c_str());
  return status.ok() && out[0] == -9 ? 0 : 1;
}
