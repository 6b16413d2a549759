// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/dpo.hpp"

#include <cmath>
#include <stdexcept>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;
using objective_test::answer_of;

TEMPLATE_TEST_CASE("dpo of one row, by hand", "", float, double) {
  // Log-ratios 1 and -0.5, beta 2: margin 3.
  const test_support::table<TestType> policy{{-4}, {-6}}, reference{{-5}, {TestType(-5.5)}};
  const auto found = test_support::evaluate(po::vanilla(po::objective::dpo, 2.0), policy.view(), reference.view());
  const double sigma = 1 / (1 + std::exp(3.0));
  REQUIRE(std::abs(static_cast<double>(found.result.loss) - std::log1p(std::exp(-3.0))) <= 1e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.chosen[0]) + 2 * sigma) <= 1e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[0]) - 2 * sigma) <= 1e-8);
}

TEST_CASE("dpo's gradient is that of its loss") {
  for (const double beta : {1.0, 0.1}) {
    objective_test::require_gradient(po::vanilla(po::objective::dpo, beta), {-3, -2.5}, {-3.5, -2});
    objective_test::require_gradient(po::vanilla(po::objective::dpo, beta), {-3, -9}, {-3.5, -2});
  }
  objective_test::require_gradients(po::objective::smoothed_dpo(0.1));
}

TEMPLATE_TEST_CASE("dpo, dmpo and sdpo are one with a single negative, to the bit", "", float, double) {
  const auto batch = test_support::random_batch<TestType>(1, 500, 1);
  const auto under = [&](const auto& objective) {
    return test_support::evaluate(po::vanilla(objective, 0.7), batch.policy.view(), batch.reference.view());
  };
  const auto dpo = under(po::objective::dpo);
  REQUIRE(dpo.result.rows == 500);
  REQUIRE(test_support::same_bits(dpo, under(po::objective::dmpo)));
  REQUIRE(test_support::same_bits(dpo, under(po::objective::sdpo)));
  REQUIRE(test_support::same_bits(dpo, under(po::objective::smoothed_dpo(0))));
  REQUIRE_FALSE(test_support::same_bits(dpo, under(po::objective::smoothed_dpo(0.1))));
}

TEMPLATE_TEST_CASE("dpo refuses a second negative, naming the row", "", float, double) {
  const std::vector<TestType> chosen{-1, -1, -1}, rejected{-2, -3, -4, -5};
  const std::vector<std::int64_t> offsets{0, 1, 3, 4};
  const auto policy = po::view(chosen, rejected, offsets);
  REQUIRE_THROWS_AS(po::loss(po::exec::seq, po::vanilla(po::objective::dpo), policy, po::reference_free),
                    std::invalid_argument);
  REQUIRE_THROWS_WITH(po::loss(po::exec::seq, po::vanilla(po::objective::dpo), policy, po::reference_free),
                      "dynamicpo::loss: row 1: more negatives than the objective takes (1 invalid in all)");
  // One that a selection or a mask leaves is one.
  const po::pipeline highest{po::select::top_k{}, po::beta::fixed{}, po::objective::dpo};
  REQUIRE(po::loss(po::exec::seq, highest, policy, po::reference_free).rows == 3);
  const std::vector<std::uint8_t> mask{1, 1, 0, 1};
  REQUIRE(po::loss(po::exec::seq, po::vanilla(po::objective::dpo), policy.with_mask(mask), po::reference_free).rows ==
          3);
}

TEMPLATE_TEST_CASE("dpo keeps the gradient of the worst pairs: no epsilon, no overflow", "", float, double) {
  for (const int gap : {40, 90, 1000}) {
    const auto found = answer_of<TestType>(po::vanilla(po::objective::dpo), TestType(-gap), {0});
    REQUIRE(found.result.loss == gap);
    REQUIRE(found.gradient.chosen[0] == TestType(-1));
    REQUIRE(found.gradient.rejected[0] == TestType(1));
  }
}
