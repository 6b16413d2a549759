// SPDX-License-Identifier: MIT
#include "dynamicpo/beta/fixed.hpp"

#include <limits>

#include "support/catch.hpp"

namespace po = dynamicpo;

TEMPLATE_TEST_CASE("beta::fixed is its base everywhere and reads nothing", "", float, double) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  STATIC_REQUIRE_FALSE(po::beta::fixed::needs_rest);
  REQUIRE(po::beta::fixed{}(po::beta::context<TestType>{-1, -2, -3}) == TestType(1));
  REQUIRE(po::beta::fixed{.base = 0.1}(po::beta::context<TestType>{-1, -2, nan}) == TestType(0.1));
}
