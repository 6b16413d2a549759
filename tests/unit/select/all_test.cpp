// SPDX-License-Identifier: MIT
#include "dynamicpo/select/all.hpp"

#include "unit/select/select_from.hpp"

namespace po = dynamicpo;
using select_test::indices;
using select_test::select_from;

TEMPLATE_TEST_CASE("select::all takes every negative", "", float, double) {
  const auto found = select_from<TestType>(po::select::all{}, -1, {-9, 3, -9});
  REQUIRE(found.selected == indices{0, 1, 2});
  REQUIRE(found.rule == po::selection_rule::all);
  REQUIRE(select_from<TestType>(po::select::all{}, -1, {}).selected.empty());
}
