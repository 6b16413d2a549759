// SPDX-License-Identifier: MIT
#include "selection_bench/selections.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "selection_bench/exact.hpp"
#include "selection_bench/random_rows.hpp"
#include "support/catch.hpp"

using selection_bench_test::one_row;
using selection_bench_test::random_rows;
using selection_bench_test::selected_by;
namespace sb = selection_bench;
using flags = std::vector<std::uint8_t>;

TEST_CASE("selection bench: semi-hard is a band below the chosen item, its lower end included") {
  const auto rows = one_row(-4, {-4, -6, -6.001, -3, -4.5, -20});
  REQUIRE(selected_by("semi-hard", rows, {.margin = 2}) == flags{0, 1, 0, 0, 1, 0});
  REQUIRE(selected_by("threshold", rows, {.margin = 2}) == flags{1, 1, 0, 1, 1, 0});
  REQUIRE(selected_by("semi-hard", one_row(-4, {-3, -9}), {.margin = 2}) == flags{0, 0});
}

TEST_CASE("selection bench: the Otsu cut is the best of all cuts in two") {
  const auto rows = random_rows(1, 3000, 20);
  const auto found = selected_by("otsu", rows);
  std::size_t cut_rows = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    std::vector<double> sorted{rows.rejected_of(row).begin(), rows.rejected_of(row).end()};
    std::sort(sorted.begin(), sorted.end());
    const auto of_row = rows.slice(found, row);
    const auto selected = static_cast<std::size_t>(std::count(of_row.begin(), of_row.end(), 1));
    if (!(sorted.back() < rows.chosen[row])) continue;
    ++cut_rows;
    // Within-class squares of every cut, naively, from the row's own middle.
    const auto squares = [&](std::size_t from, std::size_t to) {
      double mean = 0, sum = 0;
      for (std::size_t i = from; i < to; ++i) mean += sorted[i] / static_cast<double>(to - from);
      for (std::size_t i = from; i < to; ++i) sum += (sorted[i] - mean) * (sorted[i] - mean);
      return sum;
    };
    double best = std::numeric_limits<double>::infinity();
    std::size_t most = sorted.size();
    for (std::size_t cut = 1; cut < sorted.size(); ++cut) {
      if (sorted[cut - 1] == sorted[cut]) continue;
      const double cost = squares(0, cut) + squares(cut, sorted.size());
      if (cost < best * (1 - 1e-9) || best == std::numeric_limits<double>::infinity()) {
        best = cost;
        most = sorted.size() - cut;  // the lowest cut of equal ones comes first
      }
    }
    INFO("row " << row);
    REQUIRE(selected == most);
  }
  REQUIRE(cut_rows > 1000);
}

TEST_CASE("selection bench: natural breaks in three, brute force and the library find the same sets") {
  const auto rows = random_rows(2, 6000, 70);
  const auto exact = sb::exact_boundaries(rows);
  REQUIRE(selected_by("jenks", rows) == exact);
  REQUIRE(selected_by("boundary", rows) == exact);
}

TEST_CASE("selection bench: few values, and partitions of equal cost") {
  for (const std::string id : {"jenks", "boundary"}) {
    INFO(id);
    REQUIRE(selected_by(id, one_row(9, {0, 1, 2, 3})) == flags{0, 0, 1, 1});
    REQUIRE(selected_by(id, one_row(-1, {-9, -9, -12, -12, -12})) == flags{1, 1, 0, 0, 0});
    REQUIRE(selected_by(id, one_row(-1, {-9, -9})) == flags{1, 1});
    REQUIRE(selected_by(id, one_row(-1, {-9})) == flags{1});
  }
  REQUIRE(selected_by("otsu", one_row(9, {0, 1, 2, 3})) == flags{0, 0, 1, 1});
  REQUIRE(selected_by("otsu", one_row(9, {0, 1, 2})) == flags{0, 1, 1});  // both cuts cost 1/2
  REQUIRE(selected_by("otsu", one_row(-1, {-9, -9})) == flags{1, 1});
  REQUIRE(selected_by("otsu", one_row(-1, {-9, 0, -3})) == flags{0, 1, 0});
}

TEST_CASE("selection bench: softmax-k draws without replacement, in proportion to exp(score)") {
  // Weights 1, 2, 5: the first of two draws is an item with probability w / 8, and so on.
  sb::score_rows rows;
  constexpr std::size_t draws = 40000;
  const std::vector<double> scores{-3, -3 + std::log(2.0), -3 + std::log(5.0)};
  for (std::size_t row = 0; row < draws; ++row) rows.add(0, scores);
  const auto found = selected_by("softmax", rows, {.count = 2, .seed = 7});
  std::map<std::string, double> share;  // by which are drawn: "110"
  for (std::size_t row = 0; row < draws; ++row) {
    const auto of_row = rows.slice(found, row);
    std::string key;
    for (const std::uint8_t flag : of_row) key += flag == 1 ? '1' : '0';
    share[key] += 1.0 / draws;
  }
  const auto pair = [](double a, double b) { return a / 8 * b / (8 - a) + b / 8 * a / (8 - b); };
  REQUIRE(share.size() == 3);
  // Four standard errors of a share are below .01.
  REQUIRE(std::abs(share["110"] - pair(1, 2)) < .01);
  REQUIRE(std::abs(share["101"] - pair(1, 5)) < .01);
  REQUIRE(std::abs(share["011"] - pair(2, 5)) < .01);

  REQUIRE(selected_by("softmax", rows, {.count = 2, .seed = 7}) == found);
  REQUIRE(selected_by("softmax", rows, {.count = 2, .seed = 8}) != found);
  REQUIRE(selected_by("softmax", rows, {.count = 2, .seed = 7}, 1) != found);
  REQUIRE(selected_by("softmax", one_row(0, scores), {.count = 4}) == flags{1, 1, 1});
}

TEST_CASE("selection bench: every strategy selects what its name says") {
  const auto rows = one_row(-4, {-3, -5, -7, -9, -11});
  REQUIRE(selected_by("all", rows) == flags{1, 1, 1, 1, 1});
  REQUIRE(selected_by("violators", rows) == flags{1, 0, 0, 0, 0});
  REQUIRE(selected_by("top-k", rows, {.count = 2}) == flags{1, 1, 0, 0, 0});
  const auto drawn = selected_by("random-k", rows, {.count = 2});
  REQUIRE(std::count(drawn.begin(), drawn.end(), 1) == 2);
  REQUIRE_THROWS_AS(sb::make_strategy("hardest", {}), std::invalid_argument);
}
