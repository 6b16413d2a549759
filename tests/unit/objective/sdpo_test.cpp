// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/sdpo.hpp"

#include <cmath>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;
using objective_test::answer_of;
using objective_test::gradient_on_violator;

TEMPLATE_TEST_CASE("sdpo of one row, by hand", "", float, double) {
  // Margins 1 and 2: log(1 + e^-1 + e^-2).
  const auto found = answer_of<TestType>(po::vanilla(po::objective::sdpo), -1, {-2, -3});
  const double whole = 1 + std::exp(-1.0) + std::exp(-2.0);
  REQUIRE(std::abs(static_cast<double>(found.result.loss) - std::log(whole)) <= 6e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[0]) - std::exp(-1.0) / whole) <= 6e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[1]) - std::exp(-2.0) / whole) <= 6e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.chosen[0]) - (1 / whole - 1)) <= 6e-8);
}

TEST_CASE("sdpo's gradient is that of its loss") { objective_test::require_gradients(po::objective::sdpo); }

namespace {
/// Grows with the gap to the chosen, and is negative for an item far above it.
struct beta_of_gap {
  static constexpr bool lane_wise = true, needs_rest = false;
  template <class V>
  V operator()(const po::beta::context<V>& seen) const {
    return V(1) + V(0.5) * (seen.chosen - seen.rejected);
  }
};
/// A stage made of another: half its margin.
struct half_soft_minimum : po::aggregate::soft_minimum {
  template <class Margins, class T = po::detail::margin_type<Margins>>
  constexpr T reduce(const Margins& margins) const {
    const T z = soft_minimum::reduce(margins);
    for (T& weight : margins) { weight = weight * T(0.5); }
    return z * T(0.5);
  }
};
}  // namespace

TEMPLATE_TEST_CASE("a beta of the other sign that weighs nothing takes nothing from sdpo's chosen gradient", "", float,
                   double) {
  const po::pipeline pipeline{po::select::all{}, beta_of_gap{}, po::objective::sdpo};
  const auto found = answer_of<TestType>(pipeline, -1, {-1.5, 1e9});
  REQUIRE(found.gradient.rejected[0] > TestType(0.4));
  REQUIRE(found.gradient.chosen[0] == -found.gradient.rejected[0]);
}

TEMPLATE_TEST_CASE("an aggregate made of soft_minimum is itself", "", float, double) {
  using halved = po::objective::composed<po::margin::log_ratio, half_soft_minimum, po::link::logistic>;
  const auto found = answer_of<TestType>(po::vanilla(halved{}), -1, {-1.5, -2});
  // Margins .5 and 1: z = -log(e^-.5 + e^-1) / 2.
  const double z = -0.5 * std::log(std::exp(-0.5) + std::exp(-1.0));
  REQUIRE(std::abs(static_cast<double>(found.result.loss) - std::log1p(std::exp(-z))) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(found.gradient.chosen[0]) + 0.5 / (1 + std::exp(z))) <= 1e-7);
}

TEMPLATE_TEST_CASE("sdpo is log(1 + K) where policy and reference agree", "", float, double) {
  const test_support::table<TestType> scores{{-5}, {-4, -9, TestType(-4.5)}};
  const auto found = po::loss(po::exec::seq, po::vanilla(po::objective::sdpo), scores.view(), scores.view());
  REQUIRE(std::abs(static_cast<double>(found.loss) - std::log(4.0)) <= 1.2e-7);
}

TEMPLATE_TEST_CASE("sdpo neither overflows on the worst rows nor underflows to NaN on the best", "", float, double) {
  const auto worst = answer_of<TestType>(po::vanilla(po::objective::sdpo), -100, {-5, -200});
  REQUIRE(worst.result.loss == 95);
  REQUIRE(worst.gradient.chosen[0] == TestType(-1));
  REQUIRE(worst.gradient.rejected[0] == TestType(1));
  REQUIRE(std::abs(static_cast<double>(worst.gradient.rejected[1])) <= 1e-80);

  const auto best = answer_of<TestType>(po::vanilla(po::objective::sdpo), -5, {-200, -300});
  REQUIRE(std::abs(static_cast<double>(best.result.loss)) <= 3e-85);
  REQUIRE(std::abs(static_cast<double>(best.gradient.chosen[0])) <= 3e-85);
  REQUIRE(std::abs(static_cast<double>(best.gradient.rejected[0])) <= 3e-85);
  REQUIRE(best.result.rows == 1);
}

TEST_CASE("sdpo keeps the tail of well-trained rows in double") {
  const auto found = answer_of<double>(po::vanilla(po::objective::sdpo), -5, {-200, -300});
  REQUIRE(std::abs(found.result.loss / std::exp(-195.0) - 1) <= 1e-13);
}

TEMPLATE_TEST_CASE("sdpo keeps the gradient on the violator however many easy negatives there are", "", float, double) {
  for (const std::size_t negatives : {1u, 2u, 5u, 15u, 31u}) {
    REQUIRE(std::abs(gradient_on_violator<TestType>(po::vanilla(po::objective::sdpo), negatives) - 0.881) <= 5e-4);
  }
}
