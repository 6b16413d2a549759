// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/threads.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("threads: every block once, no lane twice at a time", "[threads]") {
  for (const unsigned count : {0u, 1u, 2u, 7u}) {
    const po::exec::threads policy{count};
    for (const po::index blocks : {0, 1, 2, 5, 200}) {
      CAPTURE(count, blocks);
      const po::index lanes = policy.lanes(blocks);
      REQUIRE(lanes >= 1);
      REQUIRE(lanes <= std::max<po::index>(1, blocks));
      if (count != 0) { REQUIRE(lanes <= static_cast<po::index>(count)); }
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(blocks)), inside(static_cast<std::size_t>(lanes));
      std::atomic<int> collisions{0};
      policy.for_each_block(blocks, [&](po::index block, po::index lane) {
        if (inside[static_cast<std::size_t>(lane)]++ != 0) { ++collisions; }
        ++runs[static_cast<std::size_t>(block)];
        --inside[static_cast<std::size_t>(lane)];
      });
      REQUIRE(collisions == 0);
      for (const auto& times : runs) { REQUIRE(times == 1); }
    }
  }
}

TEST_CASE("threads: an exception of a block reaches the caller", "[threads]") {
  for (const unsigned count : {1u, 3u}) {
    const auto run = [&](const auto& policy) {
      policy.for_each_block(100, [](po::index block, po::index) {
        if (block == 37) { throw std::runtime_error("block 37"); }
      });
    };
    REQUIRE_THROWS_WITH(run(po::exec::threads{count}), "block 37");
    REQUIRE_THROWS_WITH(run(po::exec::seq), "block 37");
  }
}
