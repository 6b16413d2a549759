// SPDX-License-Identifier: MIT
#include "dynamicpo/theory/dual_margin.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace theory = dynamicpo::theory;
using test_support::between;

TEST_CASE("violators' beta: in its bounds, and by its closed form, on a million rows") {
  po::sample::philox_engine random{12};
  double nearest_low = 1, nearest_high = 1;
  for (int i = 0; i < 1000000; ++i) {
    const po::beta::dual_margin rule{.base = between(random, 0.1, 2),
                                     .alpha = random.uniform(),
                                     .gamma = random.below(4) == 0 ? 0.0 : between(random, 0, 20)};
    const double scale = std::exp(between(random, -6, 6)), chosen = between(random, -30, 0);
    const double rejected = chosen + (random.below(5) == 0 ? 0.0 : scale * random.uniform());
    const double rest = chosen - scale * std::exp(between(random, -4, 4));
    const double beta = rule(po::beta::context<double>{chosen, rejected, rest});
    const auto [lower, upper] = theory::violator_beta_bounds(rule);
    const double slack = 1e-15 * rule.base;
    if (!(beta >= lower - slack && beta <= upper + slack)) {
      FAIL("beta " << beta << " outside " << lower << ".." << upper);
    }
    const double closed = theory::violator_beta(rule, chosen, rejected, rest);
    if (!(std::abs(beta - closed) <= 1e-12 * rule.base)) { FAIL("beta " << beta << ", closed form " << closed); }
    if (rule.alpha > 0.5) {
      nearest_low = std::min(nearest_low, (beta - lower) / rule.base);
      nearest_high = std::min(nearest_high, (upper - beta) / rule.base);
    }
  }
  REQUIRE(nearest_low <= 1e-6);  // both are reached
  REQUIRE(nearest_high <= 1e-6);
}

TEST_CASE("any beta keeps within beta (1 +- alpha)") {
  po::sample::philox_engine random{13};
  for (int i = 0; i < 100000; ++i) {
    const po::beta::dual_margin rule{.base = 0.7, .alpha = 0.5, .gamma = between(random, -10, 10)};
    const auto [lower, upper] = theory::beta_bounds(rule);
    const double beta =
        rule(po::beta::context<double>{between(random, -50, 0), between(random, -50, 0), between(random, -50, 0)});
    if (!(beta >= lower - 1e-15 && beta <= upper + 1e-15)) { FAIL("beta " << beta); }
  }
}

TEST_CASE("rows with violators always learn in their DynamicPO form: gradients in the stated bounds") {
  po::sample::philox_engine random{14};
  const auto check = [&](const auto& objective) {
    for (int i = 0; i < 4000; ++i) {
      const double chosen = between(random, -20, -5);
      std::vector<double> rejected;
      const std::size_t violators = 1 + random.below(6), others = 1 + random.below(20);
      for (std::size_t k = 0; k < violators; ++k) { rejected.push_back(chosen + std::exp(between(random, -6, 2))); }
      for (std::size_t k = 0; k < others; ++k) { rejected.push_back(chosen - std::exp(between(random, -6, 4))); }
      const po::beta::dual_margin rule{.base = between(random, 0.2, 1.5)};
      const test_support::table<double> row{{chosen}, rejected};
      const auto found =
          test_support::evaluate(po::pipeline{po::select::boundary{}, rule, objective}, row.view(), po::reference_free);
      const auto [lower, upper] = theory::violator_gradient_bounds(objective.aggregate, rule, violators);
      double total = 0, least = 1e300, most = 0;
      for (std::size_t k = 0; k < rejected.size(); ++k) {
        const double pull = std::abs(found.gradient.rejected[k]);
        if (k >= violators) {
          REQUIRE(pull == 0);
          continue;
        }
        total += pull;
        least = std::min(least, pull);
        most = std::max(most, pull);
      }
      constexpr bool together =
          std::is_same_v<std::remove_cvref_t<decltype(objective.aggregate)>, po::aggregate::soft_minimum>;
      REQUIRE((together ? total : least) >= lower * (1 - 1e-14));
      REQUIRE((together ? total : most) <= upper * (1 + 1e-14));
    }
  };
  check(po::objective::dmpo);
  check(po::objective::sdpo);
  check(po::objective::composed{po::margin::log_ratio{}, po::aggregate::sum{}, po::link::logistic{}});
}

TEST_CASE("bounds of violators are refused where they do not hold") {
  REQUIRE_THROWS_AS(theory::violator_beta_bounds({.gamma = -1}), std::invalid_argument);
  REQUIRE_THROWS_AS(theory::violator_beta_bounds({.alpha = -0.5}), std::invalid_argument);
  REQUIRE_THROWS_AS(theory::violator_beta_bounds({.alpha = 1.5}), std::invalid_argument);
  // Nor do they where no negative is left out of the boundary.
  const test_support::table<double> row{{0}, {0, 100}};
  const auto found = test_support::evaluate(po::dynamic(po::objective::dmpo), row.view(), po::reference_free);
  REQUIRE(found.beta[1] < theory::violator_beta_bounds({}).upper);
  REQUIRE(found.beta[0] > theory::violator_beta_bounds({}).upper);
  REQUIRE(found.beta[0] <= theory::beta_bounds({}).upper);
}
