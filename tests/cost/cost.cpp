// Runs one case a number of times, for whoever counts its instructions.
//
//   octet_cost               lists the cases: the multiply-accumulates (or elements) of a run, name
//   octet_cost NAME RUNS     runs one; OCTET_MAX_ISA chooses the kernels
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cases.hpp"

int main(int argc, char** argv) {
  constexpr double kMost = 3e7;  // larger ones only take longer
  for (const octet::selfcheck::Case& c : octet::selfcheck::typical_cases()) {
    if (argc < 3) {
      if (work_of(c) <= kMost) std::printf("%.0f %s\n", work_of(c), c.name);
    } else if (c.name == std::string_view(argv[1])) {
      octet::selfcheck::Call call(c, "");
      for (int runs = std::atoi(argv[2]); runs > 0; --runs) {
        if (!call.run()) std::abort();
      }
      return 0;
    }
  }
  return argc < 3 ? 0 : 1;
}
