// SPDX-License-Identifier: MIT
#include "dynamicpo/instruments.hpp"

#include <cmath>
#include <type_traits>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

TEMPLATE_TEST_CASE("instruments of two rows, by hand", "", float, double) {
  // Row 0: a win, a tie, a loss; boundary {1, 2}. Row 1: three wins, far ahead; boundary {0}.
  const test_support::table<TestType> policy{{-5, 0}, {-9, -5, -4, -20, -40, -60}};
  const auto found = test_support::evaluate(po::vanilla(po::objective::dmpo, 0.5), policy.view(), po::reference_free);
  const auto& seen = found.result.instruments;
  REQUIRE(seen.selected == 6);
  REQUIRE(seen.mean_beta() == 0.5);
  REQUIRE((seen.pair_wins == 4 && seen.pair_ties == 1 && seen.pair_losses == 1));
  REQUIRE((seen.row_wins == 1 && seen.row_ties == 0 && seen.row_losses == 1));
  REQUIRE(seen.pairwise_win_rate() == 4.0 / 6);
  REQUIRE(seen.win_rate() == 0.5);
  REQUIRE(seen.saturated_rows == 1);
  REQUIRE(seen.saturation_share(2) == 0.5);
  // Mean margins 0.5 and 20: every negative of a row weighs beta sigma(-z) / 3.
  const double first = 0.5 / (1 + std::exp(0.5)), second = 0.5 / (1 + std::exp(20.0));
  REQUIRE(std::abs(static_cast<double>(seen.gradient_sum) - (first + second)) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(seen.boundary_gradient_sum) - (first * 2 + second) / 3) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(seen.boundary_gradient_share()) - 2.0 / 3) <= 1e-6);
}

TEST_CASE("wins go by utility: the log-ratio, not the score, where there is a reference") {
  const test_support::table<double> policy{{-5}, {-4}}, reference{{-8}, {-5}};  // log-ratios 3 and 1
  const auto pairs = [&](const auto& objective) {
    return test_support::evaluate(po::vanilla(objective), policy.view(), reference.view()).result.instruments;
  };
  REQUIRE(pairs(po::objective::dmpo).pair_wins == 1);
  REQUIRE(pairs(po::objective::mppo).pair_losses == 1);
}

TEST_CASE("a tie with the best negative is a tied row") {
  const test_support::table<double> policy{{-5}, {-5, -6}};
  const auto seen =
      test_support::evaluate(po::vanilla(po::objective::dmpo), policy.view(), po::reference_free).result.instruments;
  REQUIRE((seen.row_ties == 1 && seen.row_wins == 0 && seen.row_losses == 0));
}

TEST_CASE("the dynamic form spends its whole gradient on the boundary") {
  const auto batch = test_support::random_batch<double>(17, 100, 8);
  const auto seen =
      test_support::evaluate(po::dynamic(po::objective::dmpo), batch.policy.view(), batch.reference.view())
          .result.instruments;
  REQUIRE(seen.gradient_sum > 0);
  REQUIRE(seen.boundary_gradient_share() == 1.0);
  REQUIRE(seen.selected < 800);
  REQUIRE(seen.mean_beta() < 1.0);
}

TEST_CASE("instruments of slices merge into those of the whole") {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<double>(23, 200, 6, ragged);
    const auto run = [&](po::index first, po::index count) {
      return po::loss(po::exec::seq, po::vanilla(po::objective::sdpo), batch.policy.view().slice(first, count),
                      batch.reference.view().slice(first, count), {}, po::with_instruments)
          .instruments;
    };
    const auto whole = run(0, 200);
    auto merged = run(0, 64);
    merged.merge(run(64, 0));
    merged.merge(run(64, 136));
    REQUIRE(merged.selected == whole.selected);
    REQUIRE(merged.saturated_rows == whole.saturated_rows);
    REQUIRE((merged.pair_wins == whole.pair_wins && merged.pair_ties == whole.pair_ties &&
             merged.pair_losses == whole.pair_losses));
    REQUIRE((merged.row_wins == whole.row_wins && merged.row_ties == whole.row_ties &&
             merged.row_losses == whole.row_losses));
    REQUIRE(std::abs(merged.gradient_sum - whole.gradient_sum) <= 1e-12);
    REQUIRE(std::abs(merged.boundary_gradient_sum - whole.boundary_gradient_sum) <= 1e-12);
    REQUIRE(std::abs(merged.beta_sum - whole.beta_sum) <= 1e-12);
  }
}

TEST_CASE("rows that do not count leave no trace, and no rows have no share") {
  constexpr double nan = test_support::nan_of<double>, infinity = test_support::infinity_of<double>;
  const test_support::table<double> policy{{-5, nan, -5}, {-4, -4, -infinity}};
  const auto found = test_support::evaluate(po::vanilla(po::objective::dmpo), policy.view(), po::reference_free);
  REQUIRE(found.result.instruments.selected == 1);
  REQUIRE(found.result.instruments.pair_losses == 1);
  REQUIRE(std::isnan(po::instruments<double>{}.win_rate()));
  REQUIRE(std::isnan(po::instruments<double>{}.mean_beta()));
  STATIC_REQUIRE(std::is_empty_v<po::no_instruments>);
}

TEST_CASE("instruments change no bit of the loss") {
  const auto batch = test_support::random_batch<float>(29, 300, 5);
  const auto plain =
      po::loss(po::exec::seq, po::dynamic(po::objective::sdpo), batch.policy.view(), batch.reference.view());
  const auto seen = po::loss(po::exec::seq, po::dynamic(po::objective::sdpo), batch.policy.view(),
                             batch.reference.view(), {}, po::with_instruments);
  REQUIRE(test_support::same_bits(plain.loss, seen.loss));
  REQUIRE(seen.instruments.selected > 0);
}

TEST_CASE("instruments: saturated rows have a link slope below 1e-3") {
  const auto saturated = [](double margin) {
    const test_support::table<double> policy{{margin}, {0}};
    const auto found = test_support::evaluate(po::vanilla(po::objective::dpo), policy.view(), po::reference_free);
    return found.result.instruments.saturation_share(found.result.rows);
  };
  REQUIRE(saturated(6.9) == 0);  // sigma(-6.9) = 1.007e-3
  REQUIRE(saturated(7.0) == 1);  // sigma(-7.0) = 0.911e-3
  REQUIRE(saturated(-7.0) == 0);
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
