// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/margin.hpp"

#include <cmath>

#include "dynamicpo/objective/compose.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;

TEMPLATE_TEST_CASE("margins model margin_stage", "", float, double) {
  STATIC_REQUIRE(po::margin_stage<po::margin::log_ratio, TestType>);
  STATIC_REQUIRE(po::margin_stage<po::margin::score_difference, TestType>);
  STATIC_REQUIRE(po::margin_stage<po::margin::probability, TestType>);
  STATIC_REQUIRE_FALSE(po::margin_stage<TestType, TestType>);
}

TEMPLATE_TEST_CASE("margin::log_ratio reads the log-ratio alone", "", float, double) {
  constexpr po::margin::log_ratio margin;
  REQUIRE(margin.utility(TestType(-3), TestType(0.5)) == TestType(0.5));
  REQUIRE(margin.slope(TestType(0.5)) == TestType(1));
  REQUIRE(margin.target() == 0.0);
  STATIC_REQUIRE(po::margin::log_ratio::needs_reference);
  STATIC_REQUIRE_FALSE(po::margin::log_ratio::can_underflow);
}

TEMPLATE_TEST_CASE("margin::score_difference reads the score alone and has a target", "", float, double) {
  constexpr po::margin::score_difference margin{.target_margin = 1.5};
  REQUIRE(margin.utility(TestType(-3), TestType(0.5)) == TestType(-3));
  REQUIRE(margin.slope(TestType(-3)) == TestType(1));
  REQUIRE(margin.target() == 1.5);
  STATIC_REQUIRE_FALSE(po::margin::score_difference::needs_reference);
}

TEST_CASE("margin::probability is the exponential, its own slope") {
  constexpr po::margin::probability margin;
  STATIC_REQUIRE_FALSE(po::margin::probability::needs_reference);
  STATIC_REQUIRE(po::margin::probability::can_underflow);
  for (const double score : {-20.0, -3.0, -0.5, 0.0}) {
    const double utility = margin.utility(score, 7.0), step = 1e-5;
    REQUIRE(utility == std::exp(score));
    const double difference = (margin.utility(score + step, 0.0) - margin.utility(score - step, 0.0)) / (2 * step);
    REQUIRE(std::abs(margin.slope(utility) - difference) <= 1e-9);
  }
  REQUIRE(margin.utility(-104.0f, 0.0f) == 0.0f);
  REQUIRE(margin.utility(-103.0f, 0.0f) > 0.0f);
}
