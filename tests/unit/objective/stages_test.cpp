// SPDX-License-Identifier: MIT
// Margins, aggregates and links, each alone: values, and derivatives against central differences.
#include <cmath>
#include <limits>
#include <vector>

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace po = dynamicpo;
using test_support::gradient_error;
using test_support::gradient_tolerance;

namespace {

template <class Margin>
void check_margin(const Margin& margin, double ratio_of_score) {
  for (const double score : {-30.0, -3.0, -0.5, 0.0, 0.75}) {
    CAPTURE(score);
    const auto utility = [&](const std::vector<double>& x) {
      return margin.utility(x[0], ratio_of_score * (x[0] + 2));
    };
    REQUIRE(gradient_error(utility, {score}, {margin.slope(utility({score}))}) <= gradient_tolerance);
  }
}

template <class Aggregate>
void check_aggregate(const Aggregate& aggregate, const std::vector<double>& margins) {
  const auto z = [&](std::vector<double> m) { return aggregate.reduce(std::span<double>(m)); };
  std::vector<double> derivatives = margins;
  aggregate.reduce(std::span<double>(derivatives));
  REQUIRE(gradient_error(z, margins, derivatives) <= gradient_tolerance);
}

template <class Link>
void check_link(const Link& link) {
  for (const double z : {-40.0, -3.0, -0.4, 0.0, 0.3, 2.0, 40.0}) {
    CAPTURE(z);
    const auto value = [&](const std::vector<double>& x) { return link.value(x[0]); };
    REQUIRE(gradient_error(value, {z}, {link.derivative(z)}) <= gradient_tolerance);
  }
}

}  // namespace

TEST_CASE("margins: utility and slope") {
  check_margin(po::margin::log_ratio{}, 1.0);
  check_margin(po::margin::score_difference{.target_margin = 3}, 0.0);
  check_margin(po::margin::probability{}, 0.0);
  REQUIRE(po::margin::log_ratio{}.utility(-3.0, 0.5) == 0.5);
  REQUIRE(po::margin::log_ratio{}.target() == 0);
  REQUIRE(po::margin::score_difference{.target_margin = 3}.utility(-3.0, 0.5) == -3);
  REQUIRE(po::margin::score_difference{.target_margin = 3}.target() == 3);
  REQUIRE(po::margin::probability{}.utility(0.0, 9.0) == 1);
}

TEST_CASE("aggregates: z and its derivatives") {
  for (const std::vector<double>& margins :
       {std::vector<double>{0.7}, {1, -2, 3}, {5, 5, 5, 5}, {-700, 3, 800}, {0, 0}}) {
    CAPTURE(margins);
    check_aggregate(po::aggregate::mean{}, margins);
    check_aggregate(po::aggregate::sum{}, margins);
    check_aggregate(po::aggregate::soft_minimum{}, margins);
    if (margins.size() == 1) { check_aggregate(po::aggregate::single{}, margins); }
  }
}

TEMPLATE_TEST_CASE("soft_minimum: exact for one margin, at most the least, finite at any size", "", float, double) {
  const auto z = [](std::vector<TestType> m) { return po::aggregate::soft_minimum{}.reduce(std::span<TestType>(m)); };
  REQUIRE(z({TestType(0.1)}) == TestType(0.1));
  REQUIRE(z({1, 1}) < 1);
  REQUIRE(z({-1000, 1000}) == -1000);
  REQUIRE(z({TestType(-1e30), TestType(1e30)}) == TestType(-1e30));
  std::vector<TestType> weights{TestType(-1e30), 0, TestType(1e30)};
  po::aggregate::soft_minimum{}.reduce(std::span<TestType>(weights));
  REQUIRE(weights == std::vector<TestType>{1, 0, 0});
}

TEST_CASE("mean and sum are held in double for float: terms that cancel") {
  std::vector<float> margins(1001, 1e-3f);
  margins.front() = 1e6f;
  margins.back() = -1e6f;
  const float total = po::aggregate::sum{}.reduce(std::span<float>(margins));
  REQUIRE(std::abs(total - 0.999f) <= 1e-6f);
}

TEST_CASE("links: value and derivative") {
  check_link(po::link::logistic{});
  check_link(po::link::smoothed_logistic{.smoothing = 0.2});
  check_link(po::link::squared{.target = 0.5});
  check_link(po::link::hinge{.target = 1.0});
  REQUIRE(po::link::hinge{.target = 1.0}.derivative(1.0) == 0);
  REQUIRE(po::link::hinge{.target = 1.0}.value(1.0) == 0);
  REQUIRE(po::link::squared{.target = 0.5}.value(2.0) == 2.25);
  // Smoothing 1/2 is symmetric, 0 is the logistic.
  REQUIRE(po::link::smoothed_logistic{.smoothing = 0.5}.derivative(0.0) == 0);
  REQUIRE(po::link::smoothed_logistic{.smoothing = 0}.value(3.0) == po::link::logistic{}.value(3.0));
}

TEST_CASE("a NaN goes through every link") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(std::isnan(po::link::logistic{}.value(nan)));
  REQUIRE(std::isnan(po::link::logistic{}.derivative(nan)));
  REQUIRE(std::isnan(po::link::smoothed_logistic{}.value(nan)));
  REQUIRE(std::isnan(po::link::squared{}.value(nan)));
  REQUIRE(std::isnan(po::link::hinge{}.value(nan)));
}
