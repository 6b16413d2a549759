// SPDX-License-Identifier: MIT
#include "dynamicpo/select/violators.hpp"

#include <cmath>

#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

TEMPLATE_TEST_CASE("select::violators takes what scores at or above the chosen, ties included", "", float, double) {
  const TestType just_below = std::nextafter(TestType(-5), TestType(-6));
  const auto found = select_from<TestType>(po::select::violators{}, -5, {-9, -5, just_below, -4, 0});
  REQUIRE(found.selected == indices{1, 3, 4});
  REQUIRE(found.rule == po::selection_rule::violators);
}

TEMPLATE_TEST_CASE("select::violators may take none", "", float, double) {
  REQUIRE(select_from<TestType>(po::select::violators{}, -1, {-9, -5}).selected.empty());
  REQUIRE(select_from<TestType>(po::select::violators{}, -1, {}).selected.empty());
}
