// SPDX-License-Identifier: MIT
#include "dynamicpo/theory/saturation.hpp"

#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace theory = dynamicpo::theory;

namespace {

/// |link'(z)| of a row of one hard and K - 1 easy negatives.
template <class Objective>
double slope_of(const Objective& objective, const theory::growing_row& row, std::size_t count) {
  std::vector<double> margins(count, row.easy);
  margins[0] = row.hardest;
  return std::abs(objective.link.derivative(objective.aggregate.reduce(std::span<double>(margins))));
}

}  // namespace

TEST_CASE("saturation_margin is where sigma(-z) is the share") {
  for (const double share : {1e-3, 0.5, 1e-9, 0.999}) {
    REQUIRE(std::abs(po::link::logistic{}.derivative(theory::saturation_margin(share)) + share) <= 1e-13 * share);
  }
  for (const double bad : {0.0, 1.0, -1.0, std::nan("")}) {
    REQUIRE_THROWS_AS(theory::saturation_margin(bad), std::invalid_argument);
  }
}

TEST_CASE("growing_row: saturated from that K on and not before") {
  po::sample::philox_engine random{6};
  const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  int reached = 0, woken = 0;
  const auto check = [&](const auto& objective, const theory::growing_row& row) {
    const auto least = row.saturates(objective.aggregate);
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{400}}) {
      const auto number = static_cast<double>(count);
      bool said = least.has_value() && number >= *least;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(objective.aggregate)>, po::aggregate::soft_minimum>) {
        said = said && number < row.learns_again(objective.aggregate);
        woken += least.has_value() && !said ? 1 : 0;
      }
      const double slope = slope_of(objective, row, count);
      if (std::abs(slope / row.share - 1) <= 1e-9) { continue; }  // on the line
      REQUIRE((slope < row.share) == said);
    }
    if (!least || !(*least < 2000)) { return; }
    const auto at = static_cast<std::size_t>(*least);
    REQUIRE(slope_of(objective, row, at) <= row.share * (1 + 1e-9));
    if (at > 1) { REQUIRE(slope_of(objective, row, at - 1) >= row.share * (1 - 1e-9)); }
    reached += at > 1 ? 1 : 0;
  };
  for (int i = 0; i < 3000; ++i) {
    const double hardest = between(-9, 9);
    const theory::growing_row row{hardest, hardest + between(0, 25), std::exp(-between(0.7, 12))};
    check(po::objective::dmpo, row);
    check(po::objective::sdpo, row);
    check(po::objective::mppo, row);
  }
  REQUIRE(reached > 1000);
  REQUIRE(woken > 10);
}

TEST_CASE("growing_row: the certificate's row is saturated under DMPO from K = 2 on, never under S-DPO") {
  const theory::growing_row row{};
  REQUIRE(row.saturates(po::aggregate::mean{}) == 2.0);
  REQUIRE(row.saturates(po::aggregate::sum{}) == 2.0);
  REQUIRE_FALSE(row.saturates(po::aggregate::soft_minimum{}).has_value());
  REQUIRE(theory::growing_row{10, 800}.learns_again(po::aggregate::soft_minimum{}) == INFINITY);
  REQUIRE(theory::growing_row{-2, INFINITY}.saturates(po::aggregate::mean{}) == 2.0);
  REQUIRE_FALSE(theory::growing_row{-2, 5}.saturates(po::aggregate::mean{}).has_value());
}

TEST_CASE("equal margins pull most at the stated number, and ever more when they are lost") {
  for (const double m : {0.01, 0.3, 2.0}) {
    const double best = theory::strongest_count(m);
    const double most = theory::pull_of_equal_margins(best, m);
    for (double n = best / 50; n < 50 * best; n *= 1.07) {
      REQUIRE(theory::pull_of_equal_margins(n, m) <= most * (1 + 1e-15));
    }
    REQUIRE(theory::pull_of_equal_margins(best * 1.01, m) < most);
    REQUIRE(theory::pull_of_equal_margins(best / 1.01, m) < most);
    for (double n = 1; n < 1000; n += 1) {
      REQUIRE(theory::pull_of_equal_margins(n + 1, -m) > theory::pull_of_equal_margins(n, -m));
    }
  }
  std::vector<double> margins(4, 0.7);
  const double slope =
      std::abs(po::link::logistic{}.derivative(po::aggregate::sum{}.reduce(std::span<double>(margins))));
  REQUIRE(std::abs(theory::pull_of_equal_margins(4, 0.7) - 4 * slope) <= 1e-14);
}
