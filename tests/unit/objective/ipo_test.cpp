// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/ipo.hpp"

#include <cmath>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;
using objective_test::answer_of;

TEMPLATE_TEST_CASE("ipo regresses the mean margin on 1 / (2 tau)", "", float, double) {
  // Margins 1 and 4, mean 2.5, target 2: exact in binary.
  const auto found = answer_of<TestType>(po::vanilla(po::objective::ipo(0.25)), -1, {-2, -5});
  REQUIRE(found.result.loss == 0.25);
  REQUIRE(found.gradient.chosen[0] == TestType(1));
  REQUIRE(found.gradient.rejected == std::vector<TestType>{TestType(-0.5), TestType(-0.5)});
  const auto reached = answer_of<TestType>(po::vanilla(po::objective::ipo(0.25)), -1, {-3});
  REQUIRE(reached.result.loss == 0);
  REQUIRE(reached.gradient.chosen[0] == 0);
}

TEST_CASE("ipo's gradient is that of its loss") {
  objective_test::require_gradients(po::objective::ipo(0.1));
  objective_test::require_gradients(po::objective::ipo(2));
}
