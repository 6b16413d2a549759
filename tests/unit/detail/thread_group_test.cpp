// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/thread_group.hpp"

#include <algorithm>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/lane_group.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;

TEST_CASE("threads that are lanes share what a group shares") {
  using group = test_support::lane_group<8>;
  STATIC_REQUIRE(detail::thread_group<group>);
  const group threads;
  const auto rank = group::rank<float>();
  REQUIRE(threads.sum(rank) == 28);
  REQUIRE(threads.least(rank) == 0);
  REQUIRE(threads.most(rank) == 7);
  REQUIRE(threads.at(rank, 3) == 3);
  const auto one = group::of<float>(1);
  REQUIRE(threads.any(rank < one));
  REQUIRE_FALSE(threads.all(rank < one));
  REQUIRE(threads.all(rank < group::of<float>(8)));
  for (unsigned r = 0; r < 8; ++r) {
    REQUIRE(threads.get(threads.exchange(rank, 4), r) == static_cast<float>(r ^ 4u));
    REQUIRE(threads.get(threads.next_up(rank, -1.0f), r) == static_cast<float>(r) - 1);
    REQUIRE((threads.get(threads.bit<float>(2), r) != 0) == ((r & 2u) != 0));
  }
}

TEMPLATE_TEST_CASE("sort_in_group sorts over threads and columns", "", float, double) {
  po::sample::philox_engine random{3};
  for (int round = 0; round < 200; ++round) {
    using V = typename test_support::lane_group<16>::template of<TestType>;
    V x[2];
    std::vector<TestType> expected;
    for (V& column : x) {
      TestType all[16];
      for (TestType& value : all) {
        expected.push_back(value = round % 2 == 0 ? static_cast<TestType>(random.uniform())
                                                  : static_cast<TestType>(random.below(4)));
      }
      column = V::load(all);
    }
    detail::sort_in_group(test_support::lane_group<16>{}, x);
    std::sort(expected.begin(), expected.end());
    for (std::size_t i = 0; i < 32; ++i) { REQUIRE(x[i / 16][i % 16] == expected[i]); }
  }
}
