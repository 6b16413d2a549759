// SPDX-License-Identifier: MIT
#include "dynamicpo/exec/seq.hpp"

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("exec::seq runs every block once, in order, on one lane") {
  std::vector<po::index> seen;
  po::exec::seq.for_each_block(5, [&](po::index block, po::index lane) {
    REQUIRE(lane == 0);
    seen.push_back(block);
  });
  REQUIRE(seen == std::vector<po::index>{0, 1, 2, 3, 4});
  REQUIRE(po::exec::seq.lanes(1000) == 1);
  REQUIRE(po::exec::seq.lanes(0) == 1);
}

TEST_CASE("exec::seq runs nothing for no blocks and stops at an exception") {
  int runs = 0;
  po::exec::seq.for_each_block(0, [&](po::index, po::index) { ++runs; });
  REQUIRE(runs == 0);
  REQUIRE_THROWS_AS(po::exec::seq.for_each_block(5,
                                                 [&](po::index block, po::index) {
                                                   ++runs;
                                                   if (block == 2) { throw std::runtime_error("block 2"); }
                                                 }),
                    std::runtime_error);
  REQUIRE(runs == 3);
}
