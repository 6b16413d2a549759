// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <vector>

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::detail {

/// Blocks that lanes take one by one until none is left, for policies whose lanes run side by side. Lanes that run one
/// after another are as good: the first does all of it. An exception of a block stops the rest and waits for `rethrow`.
class block_queue {
 public:
  block_queue(index blocks, index lanes) : blocks_{blocks}, failures_(static_cast<std::size_t>(lanes)) {}

  template <class Work>
  void drain(index lane, Work& work) noexcept {
    try {
      for (index block = next_++; block < blocks_; block = next_++) { work(block, lane); }
    } catch (...) {
      next_ = blocks_;
      failures_[static_cast<std::size_t>(lane)] = std::current_exception();
    }
  }

  void rethrow() const {
    for (const std::exception_ptr& failure : failures_) {
      if (failure) { std::rethrow_exception(failure); }
    }
  }

 private:
  index blocks_;
  std::atomic<index> next_{0};
  std::vector<std::exception_ptr> failures_;
};

}  // namespace dynamicpo::inline v1::detail
