// SPDX-License-Identifier: MIT
// docs/contract.md, what does not change an answer: what a stage says of itself.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "contract/beta_of_rest.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

/// beta::fixed, without saying that all negatives of a row have one beta.
struct fixed_at_run_time {
  static constexpr bool lane_wise = true, needs_rest = false;
  double base = 1.0;
  template <class V>
  V operator()(const po::beta::context<V>&) const {
    return V(base);
  }
};

/// aggregate::sum, without saying that all margins have one weight.
struct sum_by_hand {
  static constexpr po::index max_negatives = po::aggregate::unlimited;
  static constexpr bool lane_wise = true;
  static constexpr double absent = 0.0;
  template <class Margins, class T = po::detail::margin_type<Margins>>
  T reduce(const Margins& margins) const {
    const T z = static_cast<T>(po::detail::sum(margins));
    for (T& weight : margins) { weight = T(1); }
    return z;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a beta of the mean score reads scores, however many negatives there are", "", float, double) {
  const auto check = [](po::index negatives, const auto& of, const auto& reference, bool has_reference) {
    std::vector<TestType> row_loss(35);
    po::loss(po::exec::seq, po::pipeline{po::select::all{}, beta_of_rest{}, po::objective::dmpo}, of.policy.view(),
             reference, {.row_loss = row_loss});
    for (std::size_t row = 0; row < row_loss.size(); ++row) {
      double score = 0, ratio = 0;
      const auto count = static_cast<std::size_t>(negatives);
      for (std::size_t i = row * count; i < (row + 1) * count; ++i) {
        const TestType frozen = has_reference ? of.reference.rejected[i] : TestType(0);
        score += static_cast<double>(of.policy.rejected[i]) / static_cast<double>(negatives);
        ratio += static_cast<double>(of.policy.rejected[i] - frozen) / static_cast<double>(negatives);
      }
      const double chosen =
          static_cast<double>(of.policy.chosen[row] - (has_reference ? of.reference.chosen[row] : TestType(0)));
      const double expected = std::log1p(std::exp(-(1 + 0.05 * score) * (chosen - ratio)));
      CAPTURE(negatives, row, has_reference);
      REQUIRE(std::abs(static_cast<double>(row_loss[row]) - expected) <= 1e-5 * std::max(1.0, expected));
    }
  };
  for (const po::index negatives : {3, 5, 20, 64, 100}) {
    const auto of = random_batch<TestType>(33, 35, negatives);
    check(negatives, of, of.reference.view(), true);
    check(negatives, of, po::reference_free, false);

    // Utilities take the place of scores under MPPO; a mask keeps them apart.
    const std::vector<std::uint8_t> all(of.policy.rejected.size(), 1);
    std::vector<TestType> in_place(35), masked(35);
    const po::pipeline of_rest{po::select::all{}, beta_of_rest{}, po::objective::mppo};
    po::loss(po::exec::seq, of_rest, of.policy.view(), po::reference_free, {.row_loss = in_place});
    po::loss(po::exec::seq, of_rest, of.policy.view().with_mask(all), po::reference_free, {.row_loss = masked});
    CAPTURE(negatives);
    REQUIRE(same_bits(in_place, masked));
  }
}

TEMPLATE_TEST_CASE("a beta has the same bits whether or not its type tells that it is one for all", "", float, double) {
  const auto check = [](const auto& objective, const auto& select) {
    for (const po::index negatives : {1, 3, 15, 64, 100}) {
      for (const bool ragged : {false, true}) {
        const auto of = random_batch<TestType>(34, 53, negatives, ragged);
        const auto policy = of.policy.view();
        auto expected = table_like<const TestType>(policy, nan_of<TestType>), found = expected;
        std::vector<TestType> expected_loss(53), loss(53);
        const auto see = [&](const auto& rule, const auto& gradient, std::span<TestType> losses) {
          po::loss_and_gradient(po::exec::seq, po::pipeline{select, rule, objective}, policy, of.reference.view(),
                                {.gradient = gradient, .row_loss = losses});
        };
        see(po::beta::fixed{0.3}, expected.view(), expected_loss);
        see(fixed_at_run_time{0.3}, found.view(), loss);
        CAPTURE(negatives, ragged);
        REQUIRE(same_bits(loss, expected_loss));
        REQUIRE(same_bits(found, expected));
      }
    }
  };
  check(po::objective::dmpo, po::select::all{});
  check(po::objective::sdpo, po::select::all{});
  check(po::objective::mppo, po::select::all{});
  check(po::objective::simpo(0.5), po::select::all{});
  check(po::objective::sdpo, po::select::boundary{});
  check(po::objective::dmpo, po::select::violators{});
}

TEMPLATE_TEST_CASE("an aggregate that says no more than that it is lane-wise gets a gradient without a sum", "", float,
                   double) {
  for (const po::index negatives : {1, 15, 33, 64, 65, 70, 80, 1000}) {
    const auto of = random_batch<TestType>(34, 37, negatives);
    auto gradient = table_like<const TestType>(of.policy.view(), nan_of<TestType>);
    po::loss_and_gradient(
        po::exec::seq, po::vanilla(po::objective::composed<po::margin::log_ratio, sum_by_hand, po::link::logistic>{}),
        of.policy.view(), of.reference.view(), {.gradient = gradient.view()});
    for (std::size_t row = 0; row < 37; ++row) {
      double sum = static_cast<double>(gradient.chosen[row]), size = std::abs(sum);
      for (std::size_t k = 0; k < static_cast<std::size_t>(negatives); ++k) {
        sum += static_cast<double>(gradient.rejected[row * static_cast<std::size_t>(negatives) + k]);
      }
      CAPTURE(negatives, row, sum, size);
      const auto rounding =
          static_cast<double>(negatives) * static_cast<double>(std::numeric_limits<TestType>::epsilon());
      REQUIRE(std::abs(sum) <= rounding * size);
    }
  }
}
