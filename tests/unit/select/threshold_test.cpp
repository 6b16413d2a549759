// SPDX-License-Identifier: MIT
#include "dynamicpo/select/threshold.hpp"

#include "dynamicpo/select/violators.hpp"
#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

TEMPLATE_TEST_CASE("select::threshold takes what reaches the chosen score plus the gap", "", float, double) {
  const std::vector<TestType> rejected{-9, -7, -5, -3, -1};
  REQUIRE(select_from<TestType>(po::select::threshold{.gap = 2}, -5, rejected).selected == indices{3, 4});
  REQUIRE(select_from<TestType>(po::select::threshold{.gap = -2}, -5, rejected).selected == indices{1, 2, 3, 4});
  REQUIRE(select_from<TestType>(po::select::threshold{.gap = 5}, -5, rejected).selected.empty());
  REQUIRE(select_from<TestType>(po::select::threshold{}, -5, rejected).rule == po::selection_rule::threshold);
}

TEMPLATE_TEST_CASE("select::threshold without a gap takes the violators", "", float, double) {
  const std::vector<TestType> rejected{-9, -5, -4, -6, -5};
  REQUIRE(select_from<TestType>(po::select::threshold{}, -5, rejected).selected ==
          select_from<TestType>(po::select::violators{}, -5, rejected).selected);
}
