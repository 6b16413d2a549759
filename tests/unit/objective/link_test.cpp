// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/link.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "dynamicpo/objective/compose.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace po = dynamicpo;

TEMPLATE_TEST_CASE("links model link_stage", "", float, double) {
  STATIC_REQUIRE(po::link_stage<po::link::logistic, TestType>);
  STATIC_REQUIRE(po::link_stage<po::link::smoothed_logistic, TestType>);
  STATIC_REQUIRE(po::link_stage<po::link::squared, TestType>);
  STATIC_REQUIRE(po::link_stage<po::link::hinge, TestType>);
}

TEST_CASE("the derivative of every link is that of its value") {
  const auto check = [](const auto& link) {
    for (const double z : {-30.0, -2.5, -0.125, 0.0, 0.75, 3.0, 9.0}) {
      const auto value = [&](const std::vector<double>& at) { return link.value(at[0]); };
      REQUIRE(test_support::gradient_error(value, {z}, {link.derivative(z)}) <= test_support::gradient_tolerance);
    }
  };
  check(po::link::logistic{});
  check(po::link::smoothed_logistic{.smoothing = 0.2});
  check(po::link::squared{.target = 0.7});
  check(po::link::hinge{.target = 1.5});
}

TEMPLATE_TEST_CASE("link::logistic: log 2 at 0, no overflow, no epsilon, no early zero", "", float, double) {
  constexpr po::link::logistic link;
  const auto epsilon = std::numeric_limits<TestType>::epsilon();
  REQUIRE(std::abs(link.value(TestType(0)) - std::log(TestType(2))) <= epsilon);
  REQUIRE(link.derivative(TestType(0)) == TestType(-0.5));
  REQUIRE(link.value(TestType(-89)) == TestType(89));
  REQUIRE(link.value(TestType(-40)) == TestType(40));
  REQUIRE(link.derivative(TestType(-40)) == TestType(-1));
  REQUIRE(link.value(TestType(-1e30)) == TestType(1e30));
  REQUIRE(link.derivative(TestType(1e30)) == TestType(0));
  // e^-17 to full relative precision where 1 + e^-17 is 1 in float.
  const TestType tail = std::exp(TestType(-17));
  REQUIRE(std::abs(link.value(TestType(17)) / tail - 1) <= TestType(1e-7));
  REQUIRE(std::abs(link.derivative(TestType(17)) / tail + 1) <= TestType(1e-7));
}

TEMPLATE_TEST_CASE("link::smoothed_logistic mixes both labels", "", float, double) {
  constexpr po::link::logistic plain;
  for (const double at : {-30.0, -1.0, 0.0, 2.0, 20.0}) {
    const auto z = TestType(at);
    REQUIRE(po::link::smoothed_logistic{.smoothing = 0}.value(z) == plain.value(z));
    REQUIRE(po::link::smoothed_logistic{.smoothing = 0}.derivative(z) == plain.derivative(z));
    REQUIRE(po::link::smoothed_logistic{.smoothing = 1}.value(z) == plain.value(-z));
  }
  const double exact = 0.75 * std::log1p(std::exp(-2.0)) + 0.25 * std::log1p(std::exp(2.0));
  REQUIRE(std::abs(static_cast<double>(po::link::smoothed_logistic{.smoothing = 0.25}.value(TestType(2))) - exact) <=
          2e-7);
  // The least is where sigma(z) = 1 - smoothing.
  REQUIRE(std::abs(po::link::smoothed_logistic{.smoothing = 0.25}.derivative(std::log(TestType(3)))) <= TestType(1e-7));
}

TEMPLATE_TEST_CASE("link::squared and link::hinge: known values, and the kink", "", float, double) {
  constexpr po::link::squared squared{.target = 0.5};
  REQUIRE(squared.value(TestType(2)) == TestType(2.25));
  REQUIRE(squared.derivative(TestType(2)) == TestType(3));
  REQUIRE(squared.derivative(TestType(0.5)) == TestType(0));
  constexpr po::link::hinge hinge{.target = 1};
  REQUIRE(hinge.value(TestType(-2)) == TestType(3));
  REQUIRE(hinge.value(TestType(2)) == TestType(0));
  REQUIRE(hinge.value(TestType(1)) == TestType(0));
  REQUIRE(hinge.derivative(TestType(0.5)) == TestType(-1));
  REQUIRE(hinge.derivative(TestType(1)) == TestType(0));
}

TEST_CASE("a NaN goes through every link") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto check = [nan](const auto& link) {
    REQUIRE(std::isnan(link.value(nan)));
    REQUIRE(std::isnan(link.derivative(nan)));
  };
  check(po::link::logistic{});
  check(po::link::smoothed_logistic{});
  check(po::link::squared{});
  REQUIRE(std::isnan(po::link::hinge{}.value(nan)));
}
