/// An adapter of octet/executors/ over threads of its own. The file of each adapter defines this
/// for a program with the tests that all of them share.
#pragma once

#include <memory>

#include "octet/executor.hpp"

namespace octet::test {

class Pool {
 public:
  virtual ~Pool() = default;
  virtual Executor& executor() = 0;
};

std::unique_ptr<Pool> make_pool(int threads);

}  // namespace octet::test
