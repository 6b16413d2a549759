// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

// POSIX, since <thread> would be a quarter of what the library costs to include.
#include <pthread.h>
#include <unistd.h>

#include "dynamicpo/exec/block_queue.hpp"
#include "dynamicpo/exec/policy.hpp"

namespace dynamicpo::inline v1 {
namespace detail {

/// Runs drain(lane) for lanes 1 .. lanes - 1 on threads of their own and lane 0 here; returns when all have. Where the
/// system gives no more threads, it does with fewer: lanes take what is left. `drain` does not throw.
template <class Drain>
void run_lanes(index lanes, const Drain& drain) {
  struct task {
    const Drain& drain;
    index lane;
    pthread_t thread;
  };
  std::vector<task> others;
  others.reserve(static_cast<std::size_t>(lanes - 1));  // so that none moves
  for (index lane = 1; lane < lanes; ++lane) {
    task& one = others.emplace_back(task{drain, lane, {}});
    const auto run = [](void* of) -> void* {
      const task& mine = *static_cast<const task*>(of);
      mine.drain(mine.lane);
      return nullptr;
    };
    if (pthread_create(&one.thread, nullptr, run, &one) != 0) {
      others.pop_back();
      break;
    }
  }
  drain(0);
  for (const task& one : others) { pthread_join(one.thread, nullptr); }
}

}  // namespace detail

namespace exec {

/// On `count` threads, the caller's among them, as far as there are blocks (about 65536 scores each, at most 1024
/// rows); 0: at most one a processor, and only as many as get `worth_a_thread` blocks each. Bit-identical to `seq`.
/// Threads start and end with the call; a single block stays on the calling thread. An exception of a block stops the
/// rest and is rethrown.
struct threads {
  using space_type = space::host;
  unsigned count = 0;

  /// The fewest blocks that take longer than a thread takes to start.
  static constexpr index worth_a_thread = 4;

  index lanes(index blocks) const {
    if (blocks <= 1) { return 1; }
    // Asked once: the answer comes from a file.
    static const auto processors = std::max<index>(1, sysconf(_SC_NPROCESSORS_ONLN));
    return count != 0 ? std::min<index>(blocks, count) : std::clamp<index>(blocks / worth_a_thread, 1, processors);
  }

  template <class Work>
  void for_each_block(index blocks, Work&& work) const {
    const index used = lanes(blocks);
    if (used == 1) {
      for (index block = 0; block < blocks; ++block) { work(block, index{0}); }
      return;
    }
    detail::block_queue queue{blocks, used};
    detail::run_lanes(used, [&](index lane) { queue.drain(lane, work); });
    queue.rethrow();
  }
};

}  // namespace exec
}  // namespace dynamicpo::inline v1
