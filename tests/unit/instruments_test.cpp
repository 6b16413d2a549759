// SPDX-License-Identifier: MIT
#include "dynamicpo/instruments.hpp"

#include <cmath>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

using namespace test_support;

TEMPLATE_TEST_CASE("instruments: wins, ties and losses of pairs and rows, by log-ratio", "", float, double) {
  // Log-ratios of the chosen 0; of the rejected: all below; one tie; one above and a tie; none present; invalid.
  const table<TestType> policy{{-4, -4, -4, -4, nan_of<TestType>},
                               {-5, -6, -7, -4, -5, -6, -3, -4, -9, -4, -4, -4, -5, -5, -5}};
  const table<TestType> reference = table_like(policy.view(), TestType(-4));
  std::vector<std::uint8_t> mask(15, 1);
  mask[9] = mask[10] = mask[11] = 0;
  const auto found = evaluate(po::vanilla(po::objective::dmpo), policy.view().with_mask(mask), reference.view());
  const auto& seen = found.result.instruments;
  REQUIRE(seen.pair_wins == 3 + 2 + 1);
  REQUIRE(seen.pair_ties == 0 + 1 + 1);
  REQUIRE(seen.pair_losses == 0 + 0 + 1);
  REQUIRE(seen.row_wins == 1);
  REQUIRE(seen.row_ties == 1);
  REQUIRE(seen.row_losses == 1);
  REQUIRE(seen.pairwise_win_rate() == 6.0 / 9.0);
  REQUIRE(seen.win_rate() == 1.0 / 3.0);
  REQUIRE(found.result.rows == 3);
  REQUIRE(found.result.empty_rows == 1);
  REQUIRE(found.result.invalid_rows == 1);
}

TEST_CASE("instruments: wins by the utility that the objective has") {
  const table<double> policy{{-4}, {-5, -3}}, reference{{-8}, {-4, -5}};  // log-ratios 4, -1, 2
  const auto wins = [&](const auto& objective) {
    return evaluate(po::vanilla(objective), policy.view(), reference.view()).result.instruments.pair_wins;
  };
  REQUIRE(wins(po::objective::dmpo) == 2);
  REQUIRE(wins(po::objective::mppo) == 1);
}

TEST_CASE("instruments: gradient on the boundary, betas, selected") {
  // Row 0: a violator and two others. Row 1: top of three clusters {0}.
  const table<double> policy{{-5, -1}, {-4, -9, -20, -3, -9, -20}};
  const auto vanilla = evaluate(po::vanilla(po::objective::dmpo, 0.5), policy.view(), po::reference_free);
  const auto& seen = vanilla.result.instruments;
  double all = 0;
  for (const double g : vanilla.gradient.rejected) { all += g; }
  const double boundary = vanilla.gradient.rejected[0] + vanilla.gradient.rejected[3];
  REQUIRE(seen.selected == 6);
  REQUIRE(seen.beta_sum == 3.0);
  REQUIRE(seen.mean_beta() == 0.5);
  REQUIRE(std::abs(seen.gradient_sum - all) <= 1e-15);
  REQUIRE(std::abs(seen.boundary_gradient_sum - boundary) <= 1e-15);
  REQUIRE(std::abs(seen.boundary_gradient_share() - 1.0 / 3.0) <= 1e-15);  // DMPO spreads it evenly

  const auto dynamic = evaluate(po::dynamic(po::objective::dmpo), policy.view(), po::reference_free);
  REQUIRE(dynamic.result.instruments.selected == 2);
  REQUIRE(dynamic.result.instruments.boundary_gradient_share() == 1);

  // Unscaled by the reduction.
  const auto mean = evaluate(po::vanilla(po::objective::dmpo, 0.5), policy.view(), po::reference_free,
                             {.reduction = po::reduction::mean});
  REQUIRE(same_bits(mean.result.instruments, seen));
}

TEST_CASE("instruments: saturated rows have a link slope below 1e-3") {
  const auto saturated = [](double margin) {
    const table<double> policy{{margin}, {0}};
    const auto found = evaluate(po::vanilla(po::objective::dpo), policy.view(), po::reference_free);
    return found.result.instruments.saturation_share(found.result.rows);
  };
  REQUIRE(saturated(6.9) == 0);  // sigma(-6.9) = 1.007e-3
  REQUIRE(saturated(7.0) == 1);  // sigma(-7.0) = 0.911e-3
  REQUIRE(saturated(-7.0) == 0);
}

TEST_CASE("instruments: shares of nothing are NaN, not 0") {
  const table<double> none;
  const auto seen = evaluate(po::vanilla(po::objective::dmpo), none.view(), po::reference_free).result.instruments;
  REQUIRE(std::isnan(seen.win_rate()));
  REQUIRE(std::isnan(seen.pairwise_win_rate()));
  REQUIRE(std::isnan(seen.mean_beta()));
  REQUIRE(std::isnan(seen.boundary_gradient_share()));
  REQUIRE(std::isnan(seen.saturation_share(0)));
}

TEST_CASE("instruments off: no member, no bytes") {
  using off = decltype(po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), po::scores<double>{},
                                po::reference_free));
  using on = decltype(po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), po::scores<double>{},
                               po::reference_free, {}, po::with_instruments));
  STATIC_REQUIRE(std::is_empty_v<decltype(off::instruments)>);
  STATIC_REQUIRE(sizeof(off) == sizeof(po::row_counts) + sizeof(double));
  STATIC_REQUIRE(sizeof(on) > sizeof(off));
}
