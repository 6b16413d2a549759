// SPDX-License-Identifier: MIT
#include "dynamicpo/select/threshold.hpp"

#include <cmath>

#include "dynamicpo/select/violators.hpp"
#include "support/catch.hpp"
#include "support/select.hpp"

namespace po = dynamicpo;
using test_support::select_row;
using slots = std::vector<std::int32_t>;

TEMPLATE_TEST_CASE("threshold: what reaches chosen + gap; 0 is the violators", "", float, double) {
  const std::vector<TestType> row{-3, -5, -2, -8, -4};
  const auto at = [&](double gap) { return select_row(po::select::threshold{.gap = gap}, TestType(-4), row); };
  REQUIRE(at(0).slots == slots{0, 2, 4});
  REQUIRE(at(0).slots == select_row(po::select::violators{}, TestType(-4), row).slots);
  REQUIRE(at(1).slots == slots{0, 2});
  REQUIRE(at(-1).slots == slots{0, 1, 2, 4});
  REQUIRE(at(-100).slots.size() == 5);
  REQUIRE(at(0).rule == po::selection_rule::threshold);
  REQUIRE(at(0).mean_rest == -6.5);
  REQUIRE(at(3).slots.empty());
  REQUIRE(std::isnan(at(3).mean_rest));
}

TEST_CASE("violators: at or above the chosen; may be none") {
  REQUIRE(select_row(po::select::violators{}, -4.0, {-3, -4, -5}).slots == slots{0, 1});
  REQUIRE(select_row(po::select::violators{}, 4.0, {-3, -4, -5}).slots.empty());
  REQUIRE(select_row(po::select::violators{}, -4.0, {-3}).rule == po::selection_rule::violators);
}
