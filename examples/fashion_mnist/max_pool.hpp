/// 2x2 maximum with stride 2. It commutes with quantization: 8-bit values go straight through it.
#pragma once

#include <algorithm>

#include "network.hpp"
#include "octet/executor.hpp"

namespace fashion_mnist {

/// One image [28, 28, 32] to [14, 14, 32]. The innermost loop is one that compilers vectorize.
template <class T>
void max_pool_image(const T* in, T* out) {
  constexpr std::int64_t kRow = kWidth * kChannels;
  for (std::int64_t y = 0; y < kHeight; y += 2) {
    for (std::int64_t x = 0; x < kWidth; x += 2) {
      const T* const above = in + y * kRow + x * kChannels;
      const T* const below = above + kRow;
      for (std::int64_t c = 0; c < kChannels; ++c) {
        out[c] = std::max(std::max(above[c], above[c + kChannels]),
                          std::max(below[c], below[c + kChannels]));
      }
      out += kChannels;
    }
  }
}

/// A batch of images, one task each. `executor` may be null.
template <class T>
void max_pool(const T* in, std::int64_t batch, T* out, octet::Executor* executor) {
  struct Job {
    const T* in;
    T* out;
  } job = {in, out};
  const auto task = [](void* context, std::int64_t i) {
    const Job& job = *static_cast<const Job*>(context);
    max_pool_image(job.in + i * kHidden, job.out + i * kPooled);
  };
  if (executor != nullptr) {
    executor->parallel_for(batch, task, &job);
  } else {
    for (std::int64_t i = 0; i < batch; ++i) task(&job, i);
  }
}

}  // namespace fashion_mnist
