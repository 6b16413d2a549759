// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "dynamicpo/exec/policy.hpp"

namespace dynamicpo::inline v1::exec {

/// On `count` threads (0: one a processor), the caller's among them. Bit-identical to `seq`. Threads start and end with
/// the call; a single block stays on the calling thread. The first exception of any block is rethrown after all stop.
struct threads {
  using space_type = space::host;
  unsigned count = 0;

  index lanes(index blocks) const {
    const index wanted = count != 0 ? count : std::max(1u, std::thread::hardware_concurrency());
    return std::clamp<index>(blocks, 1, wanted);
  }

  template <class Work>
  void for_each_block(index blocks, Work&& work) const {
    std::atomic<index> next{0};
    std::mutex failure_guard;
    std::exception_ptr failure;
    const auto drain = [&](index lane) {
      try {
        for (index block = next++; block < blocks; block = next++) { work(block, lane); }
      } catch (...) {
        next = blocks;
        const std::lock_guard lock(failure_guard);
        if (!failure) { failure = std::current_exception(); }
      }
    };
    {
      std::vector<std::jthread> helpers;
      const index helping = lanes(blocks) - 1;
      helpers.reserve(static_cast<std::size_t>(helping));
      for (index lane = 1; lane <= helping; ++lane) { helpers.emplace_back(drain, lane); }
      drain(0);
    }
    if (failure) { std::rethrow_exception(failure); }
  }
};

}  // namespace dynamicpo::inline v1::exec
