// SPDX-License-Identifier: MIT
#pragma once

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
      for (index block = take(); block < blocks_; block = take()) { work(block, lane); }
    } catch (...) {
      __atomic_store_n(&next_, blocks_, __ATOMIC_RELAXED);
      failures_[static_cast<std::size_t>(lane)] = std::current_exception();
    }
  }

  void rethrow() const {
    for (const std::exception_ptr& failure : failures_) {
      if (failure) { std::rethrow_exception(failure); }
    }
  }

 private:
  // The compiler's own, since <atomic> would be a tenth of what the library costs to include. Nothing but the number
  // passes between lanes here: what they write is seen when they are joined.
  index take() { return __atomic_fetch_add(&next_, index{1}, __ATOMIC_RELAXED); }

  index blocks_, next_ = 0;
  std::vector<std::exception_ptr> failures_;
};

}  // namespace dynamicpo::inline v1::detail
