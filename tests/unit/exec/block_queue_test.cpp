// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/block_queue.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("block_queue hands out every block once, in order to a single lane") {
  po::detail::block_queue queue{4, 2};
  std::vector<po::index> seen;
  auto work = [&](po::index block, po::index lane) {
    REQUIRE(lane == 1);
    seen.push_back(block);
  };
  queue.drain(1, work);
  queue.drain(0, work);  // nothing is left
  REQUIRE(seen == std::vector<po::index>{0, 1, 2, 3});
  REQUIRE_NOTHROW(queue.rethrow());
}

TEST_CASE("block_queue hands out every block once to lanes side by side", "[threads]") {
  po::detail::block_queue queue{1000, 3};
  std::vector<std::atomic<int>> runs(1000);
  auto work = [&](po::index block, po::index) { ++runs[static_cast<std::size_t>(block)]; };
  {
    std::vector<std::jthread> lanes;
    for (po::index lane = 0; lane < 3; ++lane) {
      lanes.emplace_back([&, lane] { queue.drain(lane, work); });
    }
  }
  for (const auto& run : runs) { REQUIRE(run == 1); }
}

TEST_CASE("block_queue stops at an exception and keeps it until asked") {
  po::detail::block_queue queue{10, 1};
  int runs = 0;
  auto work = [&](po::index block, po::index) {
    ++runs;
    if (block == 2) { throw std::runtime_error("block 2"); }
  };
  queue.drain(0, work);
  REQUIRE(runs == 3);
  queue.drain(0, work);
  REQUIRE(runs == 3);
  REQUIRE_THROWS_WITH(queue.rethrow(), "block 2");
}
