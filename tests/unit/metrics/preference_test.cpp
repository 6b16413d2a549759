// SPDX-License-Identifier: MIT
#include "dynamicpo/metrics/preference.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace metrics = dynamicpo::metrics;

TEST_CASE("compare_rewards: wins, ties and losses of rewards, by pair and by row") {
  const test_support::table<double> policy{{-1, -2, -3}, {-2, -3, -2, -1, -3, -5}};
  const test_support::table<double> reference{{-2, -2, -3}, {-3, -3, -2, -3, -3, -3}};
  // Rewards: 1 | 1 0, 0 | 0 2, 0 | 0 -2.
  const auto found = metrics::compare_rewards(policy.view(), reference.view());
  REQUIRE((found.rows == 3 && found.pairs() == 6));
  REQUIRE((found.pair_wins == 2 && found.pair_ties == 3 && found.pair_losses == 1));
  REQUIRE((found.row_wins == 0 && found.row_ties == 2 && found.row_losses == 1));
  REQUIRE(std::abs(found.mean_margin - (0 + 1 + 0 - 2 + 0 + 2) / 6.0) <= 1e-15);
  REQUIRE(std::abs(found.chosen_drift - 1.0 / 3) <= 1e-15);
  REQUIRE(std::abs(found.rejected_drift - 1.0 / 6) <= 1e-15);
  REQUIRE((found.pair_win_rate() == 2.0 / 6 && found.row_win_rate() == 0));
}

TEST_CASE("compare_rewards counts what the instruments count") {
  for (const bool ragged : {false, true}) {
    auto batch = test_support::random_batch<float>(4, 200, 6, ragged);
    batch.policy.chosen[3] = test_support::nan_of<float>;
    const auto found = metrics::compare_rewards(batch.policy.view(), batch.reference.view());
    const auto seen =
        test_support::evaluate(po::vanilla(po::objective::sdpo), batch.policy.view(), batch.reference.view());
    REQUIRE((found.rows == seen.result.rows && found.invalid_rows == 1 && found.empty_rows == seen.result.empty_rows));
    REQUIRE((found.pair_wins == seen.result.instruments.pair_wins &&
             found.row_losses == seen.result.instruments.row_losses));
    REQUIRE(
        (found.pair_ties == seen.result.instruments.pair_ties && found.row_ties == seen.result.instruments.row_ties));
  }
}

TEST_CASE("compare_rewards refuses other shapes; without rows its means are NaN") {
  const auto a = test_support::random_batch<double>(1, 4, 3), b = test_support::random_batch<double>(1, 4, 2);
  REQUIRE_THROWS_AS(metrics::compare_rewards(a.policy.view(), b.reference.view()), std::invalid_argument);
  const test_support::table<double> nothing{{}, {}};
  REQUIRE(std::isnan(metrics::compare_rewards(nothing.view(), po::reference_free).mean_margin));
}
