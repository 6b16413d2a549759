// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/slic.hpp"

#include <cmath>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;
using objective_test::answer_of;

TEMPLATE_TEST_CASE("slic charges what the mean margin lacks of its target", "", float, double) {
  // Margins 1 and 4, mean 2.5.
  const auto short_of = answer_of<TestType>(po::vanilla(po::objective::slic(4)), -1, {-2, -5});
  REQUIRE(short_of.result.loss == 1.5);
  REQUIRE(short_of.gradient.chosen[0] == TestType(-1));
  REQUIRE(short_of.gradient.rejected == std::vector<TestType>{TestType(0.5), TestType(0.5)});
  for (const double target : {2.5, 1.0}) {  // reached, at the kink and beyond
    const auto reached = answer_of<TestType>(po::vanilla(po::objective::slic(target)), -1, {-2, -5});
    REQUIRE(reached.result.loss == 0);
    REQUIRE(reached.gradient.chosen[0] == 0);
    REQUIRE(reached.gradient.rejected[0] == 0);
    REQUIRE(reached.result.rows == 1);
  }
}

TEST_CASE("slic's gradient is that of its loss away from the kink") {
  objective_test::require_gradients(po::objective::slic(30));
}
