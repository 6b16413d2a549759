// SPDX-License-Identifier: MIT
#include "toy_llm/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace toy_llm;

namespace {

ranking_row row_of(std::vector<item_id> history, item_id chosen, std::vector<item_id> negatives = {}) {
  return {.history = std::move(history), .chosen = chosen, .negatives = std::move(negatives)};
}

std::vector<item_id> sorted(std::vector<item_id> items) {
  std::sort(items.begin(), items.end());
  return items;
}

}  // namespace

TEST_CASE("supervised pairs are the starts of rows from two history items on") {
  const std::vector<ranking_row> rows{row_of({1, 2, 3}, 4), row_of({1, 2}, 3), row_of({7}, 8)};
  const auto check = [&](repeats equal_pairs, const std::vector<std::vector<item_id>>& expected) {
    std::vector<std::vector<item_id>> found;
    for (const history_item_pair& pair : supervised_pairs(rows, equal_pairs)) {
      found.push_back(pair.history);
      found.back().push_back(pair.next);
    }
    REQUIRE(found == expected);
  };
  check(repeats::keep, {{1, 2, 3}, {1, 2, 3, 4}, {1, 2, 3}});
  check(repeats::drop, {{1, 2, 3}, {1, 2, 3, 4}});
}

TEST_CASE("training negatives of a row without candidates are all other items") {
  const ranking_row row = row_of({5, 0, 9}, 3);
  REQUIRE(sorted(sample_negatives(row, 12, 8, {.seed = 1, .epoch = 0, .row = 0})) ==
          std::vector<item_id>{1, 2, 4, 6, 7, 8, 10, 11});
  REQUIRE(sample_negatives(row, 12, 0, {.seed = 1, .epoch = 0, .row = 0}).empty());
}

TEST_CASE("training negatives of a row with candidates are among them") {
  const ranking_row row = row_of({5, 0}, 3, {8, 2, 11, 4});
  REQUIRE(sorted(sample_negatives(row, 12, 4, {.seed = 1, .epoch = 0, .row = 0})) == std::vector<item_id>{2, 4, 8, 11});
}

TEST_CASE("a draw of negatives depends on its key and begins with the smaller draws") {
  const ranking_row row = row_of({5, 0, 9}, 3);
  const draw_key key{.seed = 7, .epoch = 2, .row = 31};
  const auto draw = sample_negatives(row, 400, 19, key);
  REQUIRE(draw == sample_negatives(row, 400, 19, key));
  for (std::size_t count = 0; count < draw.size(); ++count) {
    const auto smaller = sample_negatives(row, 400, count, key);
    REQUIRE(smaller == std::vector<item_id>(draw.begin(), draw.begin() + static_cast<std::ptrdiff_t>(count)));
  }
  REQUIRE(draw != sample_negatives(row, 400, 19, {.seed = 8, .epoch = 2, .row = 31}));
  REQUIRE(draw != sample_negatives(row, 400, 19, {.seed = 7, .epoch = 3, .row = 31}));
  REQUIRE(draw != sample_negatives(row, 400, 19, {.seed = 7, .epoch = 2, .row = 32}));
}

TEST_CASE("negatives are uniform in every place of the draw") {
  constexpr std::uint32_t draws = 20000;
  const ranking_row row = row_of({2, 6}, 4);
  const std::vector<item_id> allowed{0, 1, 3, 5, 7, 8, 9};
  const auto place = GENERATE(std::size_t{0}, std::size_t{2});
  std::vector<double> counts(10);
  for (std::uint32_t i = 0; i < draws; ++i) {
    ++counts[static_cast<std::size_t>(sample_negatives(row, 10, 3, {.seed = 3, .epoch = 1, .row = i})[place])];
  }
  const double expected = draws / static_cast<double>(allowed.size());
  double chi_square = 0;
  for (const item_id item : allowed)
    chi_square += std::pow(counts[static_cast<std::size_t>(item)] - expected, 2) / expected;
  REQUIRE(chi_square <= 22.46);  // 6 degrees of freedom, p = .001
  REQUIRE(counts[2] + counts[4] + counts[6] == 0);
}

TEST_CASE("asking for more negatives than there are says how many there are") {
  REQUIRE_THROWS_WITH(sample_negatives(row_of({0, 1}, 2), 6, 4, {.seed = 0, .epoch = 0, .row = 17}),
                      "toy_llm::sample_negatives: row 17: expected at least 4 negatives to draw from, found 3");
  REQUIRE_THROWS_AS(sample_negatives(row_of({0}, 2, {1, 3}), 100, 3, {.seed = 0, .epoch = 0, .row = 0}),
                    std::invalid_argument);
}
