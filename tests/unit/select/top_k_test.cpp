// SPDX-License-Identifier: MIT
#include "dynamicpo/select/top_k.hpp"

#include <algorithm>

#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

TEMPLATE_TEST_CASE("select::top_k takes the highest scores, whatever the chosen", "", float, double) {
  const std::vector<TestType> rejected{-9, -2, -7, -1, -3};
  const auto found = select_from<TestType>(po::select::top_k{.count = 2}, 0, rejected);
  REQUIRE(found.selected == indices{1, 3});
  REQUIRE(found.rule == po::selection_rule::top_k);
  REQUIRE(select_from<TestType>(po::select::top_k{}, -100, rejected).selected == indices{3});
}

TEMPLATE_TEST_CASE("select::top_k takes every score equal to the lowest of them", "", float, double) {
  REQUIRE(select_from<TestType>(po::select::top_k{.count = 2}, 0, {-3, -1, -3, -9, -3}).selected ==
          indices{0, 1, 2, 4});
  REQUIRE(select_from<TestType>(po::select::top_k{.count = 1}, 0, {-3, -3, -3}).selected == indices{0, 1, 2});
  std::vector<TestType> rejected{-4, -3, -3, -2, -1};
  do {
    const auto found = select_from<TestType>(po::select::top_k{.count = 3}, 0, rejected);
    REQUIRE(found.selected.size() == 4);
    for (const int i : found.selected) { REQUIRE(rejected[static_cast<std::size_t>(i)] >= -3); }
  } while (std::next_permutation(rejected.begin(), rejected.end()));
}

TEMPLATE_TEST_CASE("select::top_k of none, of all and of more than there are", "", float, double) {
  const std::vector<TestType> rejected{-9, -2, -7};
  REQUIRE(select_from<TestType>(po::select::top_k{.count = 0}, 0, rejected).selected.empty());
  REQUIRE(select_from<TestType>(po::select::top_k{.count = -1}, 0, rejected).selected.empty());
  REQUIRE(select_from<TestType>(po::select::top_k{.count = 3}, 0, rejected).selected == indices{0, 1, 2});
  REQUIRE(select_from<TestType>(po::select::top_k{.count = 99}, 0, rejected).selected == indices{0, 1, 2});
  REQUIRE(select_from<TestType>(po::select::top_k{.count = 2}, 0, {}).selected.empty());
}
