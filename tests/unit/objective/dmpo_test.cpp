// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/dmpo.hpp"

#include <cmath>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;
using objective_test::answer_of;
using objective_test::gradient_on_violator;

TEMPLATE_TEST_CASE("dmpo of one row, by hand", "", float, double) {
  // Margins 2 and 4, mean 3, each weighted 1/2.
  const auto found = answer_of<TestType>(po::vanilla(po::objective::dmpo), -1, {-3, -5});
  const double sigma = 1 / (1 + std::exp(3.0));
  REQUIRE(std::abs(static_cast<double>(found.result.loss) - std::log1p(std::exp(-3.0))) <= 1e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.chosen[0]) + sigma) <= 1e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[0]) - sigma / 2) <= 1e-8);
  REQUIRE(found.gradient.rejected[0] == found.gradient.rejected[1]);
}

TEST_CASE("dmpo's gradient is that of its loss") { objective_test::require_gradients(po::objective::dmpo); }

TEMPLATE_TEST_CASE("dmpo is log 2 where policy and reference agree", "", float, double) {
  const test_support::table<TestType> scores{{-5}, {-4, -9, TestType(-4.5)}};
  const auto found = po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), scores.view(), scores.view());
  REQUIRE(std::abs(static_cast<double>(found.loss) - std::log(2.0)) <= 6e-8);
}

TEMPLATE_TEST_CASE("dmpo: easy negatives switch the gradient on the violator off, boundary selection keeps it", "",
                   float, double) {
  struct certificate {
    std::size_t negatives;
    double gradient, last_digit;
  };
  for (const auto& [negatives, gradient, last_digit] :
       {certificate{1, 0.881, 1e-3}, {2, 6.2e-5, 1e-6}, {5, 3.4e-8, 1e-9}, {15, 6.0e-10, 1e-11}}) {
    CAPTURE(negatives);
    const double found = gradient_on_violator<TestType>(po::vanilla(po::objective::dmpo), negatives);
    REQUIRE(std::abs(found - gradient) <= last_digit / 2);
    const double count = static_cast<double>(negatives), mean = (20 * (count - 1) - 2) / count;
    REQUIRE(std::abs(found / (1 / (1 + std::exp(mean)) / count) - 1) <= 2e-6);

    const po::pipeline boundary_only{po::select::boundary{}, po::beta::fixed{}, po::objective::dmpo};
    REQUIRE(std::abs(gradient_on_violator<TestType>(boundary_only, negatives) - 0.881) <= 5e-4);
  }
}
