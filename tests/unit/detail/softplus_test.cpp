// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/softplus.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using dynamicpo::detail::logistic;
using dynamicpo::detail::softplus;

TEMPLATE_TEST_CASE("softplus and logistic to a few roundings, in both tails", "", float, double) {
  // Relative; e^x itself carries |x| roundings of its argument.
  const auto close = [](TestType found, long double exact) {
    return std::abs(static_cast<long double>(found) / exact - 1) <=
           4 * static_cast<long double>(std::numeric_limits<TestType>::epsilon());
  };
  for (int i = -320; i <= 320; ++i) {
    const TestType x = static_cast<TestType>(i) / 4;
    const long double wide = x;
    CAPTURE(x);
    REQUIRE(close(softplus(x), wide > 0 ? wide + std::log1p(std::exp(-wide)) : std::log1p(std::exp(wide))));
    REQUIRE(close(logistic(x), wide > 0 ? 1 / (1 + std::exp(-wide)) : std::exp(wide) / (1 + std::exp(wide))));
  }
}

TEMPLATE_TEST_CASE("softplus and logistic at the extremes", "", float, double) {
  const TestType huge = std::numeric_limits<TestType>::max();
  REQUIRE(softplus(huge) == huge);
  REQUIRE(softplus(-huge) == 0);
  REQUIRE(logistic(huge) == 1);
  REQUIRE(logistic(-huge) == 0);
  REQUIRE(logistic(TestType(0)) == TestType(0.5));
  REQUIRE(std::isnan(softplus(std::numeric_limits<TestType>::quiet_NaN())));
  REQUIRE(std::isnan(logistic(std::numeric_limits<TestType>::quiet_NaN())));
  // Never rounded to 0 while e^x is not: 17 is where 1 + e^-17 is 1 in float.
  REQUIRE(softplus(TestType(-17)) > 0);
  REQUIRE(softplus(TestType(-80)) > 0);
}
