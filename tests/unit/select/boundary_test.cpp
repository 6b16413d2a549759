// SPDX-License-Identifier: MIT
#include "dynamicpo/select/boundary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/select.hpp"

using dynamicpo::selection_rule;
using dynamicpo::select::boundary;
using test_support::select_row;
using slots = std::vector<std::int32_t>;

TEMPLATE_TEST_CASE("violators where there are any, else the top cluster; the mean of what is left", "", float, double) {
  const auto violated = select_row<TestType>(boundary{}, -5, {-9, -4, -20, -5});
  REQUIRE(violated.rule == selection_rule::violators);
  REQUIRE(violated.slots == slots{1, 3});
  REQUIRE(violated.mean_rest == -14.5);

  const auto clustered = select_row<TestType>(boundary{}, -1, {-9, -4, -20, -5, -10});
  REQUIRE(clustered.rule == selection_rule::cluster);
  REQUIRE(clustered.slots == slots{1, 3});
  REQUIRE(clustered.mean_rest == -13);

  const auto none = select_row<TestType>(boundary{}, -1, {});
  REQUIRE(none.rule == selection_rule::none);
  REQUIRE(std::isnan(none.mean_rest));
}

TEMPLATE_TEST_CASE("the boundary survives any scale and offset of the scores", "", float, double) {
  const std::vector<TestType> row{-9, -4, -20, -5, -10};  // {1, 3}
  const auto mapped = [&](double scale, double offset) {
    std::vector<TestType> scores;
    for (const TestType x : row) { scores.push_back(static_cast<TestType>(static_cast<double>(x) * scale + offset)); }
    return select_row(boundary{}, std::numeric_limits<TestType>::max(), scores).slots;
  };
  for (const double scale : {1e-37, 1e-12, 1e12, 1e37}) {
    CAPTURE(scale);
    REQUIRE(mapped(scale, 0) == slots{1, 3});
  }
  REQUIRE(mapped(1, -8e6) == slots{1, 3});
  if (std::is_same_v<TestType, double>) {
    for (const double scale : {1e-300, 1e-155, 1e155, 8e306}) {  // squares leave the range of double
      CAPTURE(scale);
      REQUIRE(mapped(scale, 0) == slots{1, 3});
    }
    REQUIRE(mapped(1, -1e15) == slots{1, 3});
  }
}

TEMPLATE_TEST_CASE("most scores at an outlier leave the boundary of the others", "", float, double) {
  for (const TestType outlier : {TestType(-1e30), std::numeric_limits<TestType>::lowest(), TestType(-1e9)}) {
    std::vector<TestType> row(20, outlier);
    for (const TestType x : {TestType(-7), TestType(-6.9), TestType(-5)}) { row.push_back(x); }
    REQUIRE(select_row(boundary{}, TestType(0), row).slots == slots{22});
  }
}

TEMPLATE_TEST_CASE("rows past the all-pairs limit: the top of three clumps, in any order", "", float, double) {
  dynamicpo::sample::philox_engine random{4};
  std::vector<TestType> row;
  for (int i = 0; i < 900; ++i) {
    const double centre = i % 3 == 0 ? -5 : i % 3 == 1 ? -30 : -200;
    row.push_back(static_cast<TestType>(centre + random.uniform()));
  }
  const slots found = select_row(boundary{}, TestType(0), row).slots;
  REQUIRE(found.size() == 300);
  REQUIRE(std::all_of(found.begin(), found.end(), [](std::int32_t slot) { return slot % 3 == 0; }));
}
