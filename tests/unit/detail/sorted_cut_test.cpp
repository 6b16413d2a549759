// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/sorted_cut.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

TEST_CASE("best_cuts_sorted: the least cost of all cuts, and every cut that reaches it") {
  dynamicpo::sample::philox_engine random{21};
  const double tie = detail::tie_tolerance_of_wide;
  for (int repeat = 0; repeat < 400; ++repeat) {
    const std::size_t size = 3 + random.below(repeat % 10 == 0 ? 2000 : 80);
    const double outlier = repeat % 3 == 0 ? -1e4 : repeat % 3 == 1 ? 0 : -1e12;
    std::vector<double> values, weights;
    for (std::size_t i = 0; i < size; ++i) {
      const double at = repeat % 2 == 0 ? random.below(500) : 10 * random.uniform() * random.uniform();
      values.push_back(random.below(50) == 0 ? outlier - at : at);
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const std::size_t distinct = values.size();
    if (distinct < 3) { continue; }
    for (std::size_t i = 0; i < distinct; ++i) { weights.push_back(1 + random.below(4)); }
    std::vector<detail::prefix_sums<double>> prefix(distinct + 1);
    std::vector<double> all(distinct), some(distinct);
    const double optimum = detail::monotone_cuts<double>{values, weights, prefix, all}.solve();
    const auto found = detail::best_cuts_sorted(values, weights, prefix, some, tie);
    CAPTURE(repeat, distinct);
    const double rounding = 4 * std::numeric_limits<double>::epsilon() * optimum;
    REQUIRE(std::abs(found.optimum - optimum) <= rounding);
    for (std::size_t j = 2; j < distinct; ++j) {
      if (all[j] > optimum * (1 + tie)) { continue; }
      REQUIRE(found.first <= j);
      REQUIRE(j <= found.last);
      REQUIRE(std::abs(some[j] - all[j]) <= rounding);
    }
  }
}
