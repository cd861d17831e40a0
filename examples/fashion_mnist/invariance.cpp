#include "invariance.hpp"

#include <cstdio>
#include <cstring>
#include <string_view>

#include "octet/isa.hpp"
#include "octet_network.hpp"
#include "require.hpp"

namespace fashion_mnist {
namespace {

constexpr std::int64_t kBatches[] = {1, 7, 100};

struct Differences {
  int runs = 0;
  int runs_with_other_bytes = 0;
  std::int64_t other_predictions = 0;
};

void compare(std::span<const float> logits, std::span<const float> expected, Differences& found) {
  ++found.runs;
  if (std::memcmp(logits.data(), expected.data(), expected.size_bytes()) == 0) return;
  ++found.runs_with_other_bytes;
  const auto ours = classify(logits);
  const auto theirs = classify(expected);
  for (std::size_t i = 0; i < ours.size(); ++i) found.other_predictions += ours[i] != theirs[i];
}

}  // namespace

bool same_everywhere(const QuantizedModel& model, std::span<const float> images,
                     std::span<const float> expected, std::span<const int> thread_counts) {
  bool all_same = true;
  for (const octet::IsaInfo& isa : octet::isas()) {
    const int width = static_cast<int>(isa.name.size());
    std::printf("  %.*s%*s", width, isa.name.data(), 14 - width, "");
    std::string_view chosen;
    if (isa.supported) require(octet::choose_isa(isa.name, chosen));
    if (chosen != isa.name) {
      std::puts(isa.supported ? "not run: OCTET_MAX_ISA is lower" : "not run: this CPU lacks it");
      continue;
    }
    Differences found;
    for (const int threads : thread_counts) {
      OctetNetwork network(model, isa.name, threads);
      for (const std::int64_t batch : kBatches)
        compare(run_batches(network, images, batch), expected, found);
    }
    if (found.runs_with_other_bytes == 0) {
      std::printf("same logits, same predictions: %d runs\n", found.runs);
    } else {
      all_same = false;
      std::printf("OTHER LOGITS in %d of %d runs, %lld other predictions\n",
                  found.runs_with_other_bytes, found.runs,
                  static_cast<long long>(found.other_predictions));
    }
  }
  return all_same;
}

}  // namespace fashion_mnist
