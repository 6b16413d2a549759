// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dynamicpo/beta/batch_gap.hpp"
#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"
#include "unit/beta/gaps.hpp"

namespace po = dynamicpo;
using beta_test::mean_of;
using beta_test::near;
using po::beta::batch_gap;
using po::beta::gap_state;
using flags = std::vector<std::uint8_t>;

TEST_CASE("beta::batch_gap: a step on score views, every objective, is that objective at the beta by hand") {
  const auto check = [](const auto& objective, const test_support::batch<double>& scores) {
    constexpr bool reads_reference = std::remove_cvref_t<decltype(objective)>::margin_type::needs_reference;
    const auto policy = scores.policy.view(), reference = scores.reference.view();
    const po::index rows = policy.rows(), negatives = policy.negatives(0);
    std::vector<double> by_hand;
    for (po::index row = 0; row < rows; ++row) {
      const auto ratio = [&](double s, double r) { return reads_reference ? s - r : s; };
      double gap = ratio(policy.chosen(row), reference.chosen(row));
      for (po::index k = 0; k < negatives; ++k) {
        gap -= ratio(policy.rejected(row, k), reference.rejected(row, k)) / static_cast<double>(negatives);
      }
      by_hand.push_back(gap);
    }
    // An objective without a reference has gaps of scores.
    const auto frozen_of = [](const auto& table) {
      if constexpr (reads_reference) {
        return std::as_const(table).view();
      } else {
        return po::reference_free;
      }
    };
    const auto frozen = frozen_of(scores.reference);
    std::vector<double> gaps(static_cast<std::size_t>(rows));
    po::row_gaps(po::exec::seq, policy, frozen, gaps);
    for (std::size_t row = 0; row < gaps.size(); ++row) { REQUIRE(near(gaps[row], by_hand[row])); }

    const batch_gap rule{.base = 0.4, .alpha = 0.5, .keep = 0.75, .seed = 2};
    gap_state state{.mean = 0.25, .variance = 2, .weight = 0.6, .batches = 9};
    flags kept(gaps.size()), mask(gaps.size() * static_cast<std::size_t>(negatives));
    const auto now = rule.update(state, gaps, kept);
    const auto found = test_support::evaluate(po::pipeline{po::select::all{}, now.beta, objective},
                                              po::keep_rows(policy, kept, mask), frozen);

    // By hand: the rows kept, as a batch of their own, under the published formula.
    test_support::table<double> left, left_reference;
    double kept_gap = 0;
    for (std::size_t row = 0; row < gaps.size(); ++row) {
      if (kept[row] == 0) { continue; }
      const auto b = static_cast<po::index>(row);
      kept_gap += by_hand[row];
      left.chosen.push_back(policy.chosen(b));
      left_reference.chosen.push_back(reference.chosen(b));
      for (po::index k = 0; k < negatives; ++k) {
        left.rejected.push_back(policy.rejected(b, k));
        left_reference.rejected.push_back(reference.rejected(b, k));
      }
    }
    const auto count = static_cast<double>(left.chosen.size());
    REQUIRE(left.chosen.size() == gaps.size() * 3 / 4);
    const double weight = 0.9 * 0.6 + 0.1, mean = (0.9 * 0.6 * 0.25 + 0.1 * mean_of(by_hand)) / weight;
    const double beta = 0.4 * (1 + 0.5 * (kept_gap / count - mean));
    REQUIRE(beta > 0.01);
    REQUIRE(near(now.beta.base, beta));
    const auto expected =
        test_support::evaluate(po::vanilla(objective, beta), std::as_const(left).view(), frozen_of(left_reference));
    REQUIRE(found.result.rows == expected.result.rows);
    REQUIRE(found.result.empty_rows == rows - expected.result.rows);
    REQUIRE(near(found.result.loss, expected.result.loss));
    std::size_t at = 0;
    for (std::size_t row = 0; row < gaps.size(); ++row) {
      CAPTURE(row, kept[row]);
      REQUIRE(near(found.gradient.chosen[row], kept[row] ? expected.gradient.chosen[at] : 0));
      for (std::size_t k = 0; k < static_cast<std::size_t>(negatives); ++k) {
        const auto n = static_cast<std::size_t>(negatives);
        REQUIRE(near(found.gradient.rejected[row * n + k], kept[row] ? expected.gradient.rejected[at * n + k] : 0));
      }
      at += kept[row];
    }
  };
  const auto many = test_support::random_batch<double>(8, 24, 5), single = test_support::random_batch<double>(9, 16, 1);
  test_support::for_each_objective([&](const std::string& name, const auto& objective) {
    CAPTURE(name);
    check(objective, single);
    if (name != "smoothed dpo") { check(objective, many); }
  });
  check(po::objective::dpo, single);
}
