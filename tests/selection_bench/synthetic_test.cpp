// SPDX-License-Identifier: MIT
#include "selection_bench/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "support/catch.hpp"

namespace sb = selection_bench;

TEST_CASE("selection bench: generated rows have as many negatives on the boundary as they say") {
  std::set<std::string> ids;
  for (const sb::scenario& each : sb::scenarios()) {
    INFO(each.id);
    REQUIRE(ids.insert(each.id).second);
    constexpr std::size_t rows = 4000;
    const auto made = sb::make_rows(each, rows, 3);
    REQUIRE(made.scores.rows() == rows);
    REQUIRE(made.boundary.size() == rows * each.negatives);
    REQUIRE(made.scores.rejected.size() == rows * each.negatives);
    double total = 0, above = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto labels = made.scores.slice(made.boundary, row);
      const auto count = std::accumulate(labels.begin(), labels.end(), 0);
      REQUIRE(count >= 1);
      REQUIRE(count < static_cast<int>(each.negatives));
      total += count;
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] == 1) above += made.scores.rejected_of(row)[i] - made.scores.chosen[row];
      }
    }
    // Uniform over at most 9 counts: deviation below 2.6, its mean's error below .05.
    REQUIRE(std::abs(total / rows - static_cast<double>(each.boundary)) < .2);
    // A log-uniform factor in [1 / s, s] has mean (s - 1 / s) / (2 log s).
    const double factor = each.scale > 1 ? (each.scale - 1 / each.scale) / (2 * std::log(each.scale)) : 1;
    REQUIRE(std::abs(above / total - factor * each.near.mean) < .08);
  }
  REQUIRE(ids.size() >= 5);
}

TEST_CASE("selection bench: a generated row depends on the seed and its place alone, not on how many there are") {
  const sb::scenario& one = sb::scenarios().front();
  const auto few = sb::make_rows(one, 10, 5), many = sb::make_rows(one, 30, 5), other = sb::make_rows(one, 10, 6);
  REQUIRE(std::equal(few.scores.rejected.begin(), few.scores.rejected.end(), many.scores.rejected.begin()));
  REQUIRE(std::equal(few.boundary.begin(), few.boundary.end(), many.boundary.begin()));
  REQUIRE(few.scores.rejected != other.scores.rejected);
}

TEST_CASE("selection bench: the boundary stands at any place of a generated row") {
  const sb::scenario& one = sb::scenarios().front();
  const auto made = sb::make_rows(one, 3000, 1);
  std::vector<double> at(one.negatives);
  for (std::size_t i = 0; i < made.boundary.size(); ++i) at[i % one.negatives] += made.boundary[i] / 3000.0;
  for (const double share : at) REQUIRE(std::abs(share - 1.0 / 3) < .05);
}
