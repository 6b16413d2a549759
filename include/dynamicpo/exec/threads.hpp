// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <thread>
#include <vector>

#include "dynamicpo/exec/block_queue.hpp"
#include "dynamicpo/exec/policy.hpp"

namespace dynamicpo::inline v1::exec {

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
    static const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
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
    const auto drain = [&](index lane) { queue.drain(lane, work); };
    {
      std::vector<std::jthread> others;
      others.reserve(static_cast<std::size_t>(used - 1));
      for (index lane = 1; lane < used; ++lane) { others.emplace_back(drain, lane); }
      drain(0);
    }
    queue.rethrow();
  }
};

}  // namespace dynamicpo::inline v1::exec
