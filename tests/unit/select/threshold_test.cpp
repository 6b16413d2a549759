// SPDX-License-Identifier: MIT
#include "dynamicpo/select/threshold.hpp"

#include <limits>

#include "dynamicpo/select/violators.hpp"
#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

TEMPLATE_TEST_CASE("select::threshold takes what reaches the chosen score plus the gap", "", float, double,
                   long double) {
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

TEMPLATE_TEST_CASE("select::threshold with the gap -inf or NaN takes all that takes part", "", float, double) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double gap : {-infinity, nan, -1e300}) {
    const po::select::threshold all{gap};
    const TestType cut = all.least(TestType(-5));
    REQUIRE(select_from<TestType>(all, -5, {-9, -5, -1}).selected == indices{0, 1, 2});
    REQUIRE((-std::numeric_limits<TestType>::infinity() < cut && cut <= TestType(-1e30)));
  }
  REQUIRE(select_from<TestType>(po::select::threshold{infinity}, -5, {-9, -5, -1}).selected.empty());
}
