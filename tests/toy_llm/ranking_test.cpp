// SPDX-License-Identifier: MIT
#include "toy_llm/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "small_catalogue.hpp"
#include "support/catch.hpp"

using toy_llm::item_id;
using toy_llm::language_model;
using toy_llm::support;
using toy_llm::title_trie;

namespace {

// From the scores of whole titles, nothing left out.
toy_llm::ranking_metrics plain_rank(language_model<float>& model, const std::vector<toy_llm::ranking_row>& rows) {
  toy_llm::ranking_metrics mean{.rows = rows.size()};
  const auto count = static_cast<double>(rows.size());
  const auto length = [&](item_id item) { return double{1} * model.titles().length(item); };
  for (const auto& row : rows) {
    toy_llm::score_batch batch;
    batch.add_row(row.history);
    batch.add(row.chosen);
    for (const item_id item : row.negatives) batch.add(item);
    const auto scores = model.log_prob(batch, toy_llm::activations::discard);
    double higher = 0, tied = 0, higher_average = 0, tied_average = 0;
    for (std::size_t i = 1; i < scores.size(); ++i) {
      const double left = double{scores[i]} * length(row.chosen), right = double{scores[0]} * length(batch.items[i]);
      higher += scores[i] > scores[0];
      tied += scores[i] == scores[0];
      higher_average += left > right;
      tied_average += left == right;
      mean.win_rate += (scores[i] < scores[0]) / count / static_cast<double>(row.negatives.size());
    }
    mean.hit_ratio += (higher == 0) / (1 + tied) / count;
    mean.hit_ratio_average += (higher_average == 0) / (1 + tied_average) / count;
    mean.chosen_log_probability += double{scores[0]} / count;
  }
  return mean;
}

}  // namespace

TEST_CASE("ranking with negatives given up early is exact") {
  const auto items = test_support::random_catalogue(400, 11);
  const auto rows = test_support::random_rows(300, items.tokens.size(), 3, 9, 12);
  for (const support over : {support::vocabulary, support::catalogue}) {
    const title_trie titles{items, over};
    language_model<float> model{items, titles, {.seed = 13}};
    for (float& p : model.parameters()) p *= 2;
    const auto expected = plain_rank(model, rows);
    const auto metrics = toy_llm::rank(model, rows);
    REQUIRE(metrics.rows == 300);
    REQUIRE(metrics.invalid_rows == 0);
    REQUIRE(std::abs(metrics.hit_ratio - expected.hit_ratio) <= 1e-12);
    REQUIRE(std::abs(metrics.hit_ratio_average - expected.hit_ratio_average) <= 1e-12);
    REQUIRE(std::abs(metrics.win_rate - expected.win_rate) <= 1e-12);
    REQUIRE(std::abs(metrics.chosen_log_probability - expected.chosen_log_probability) <= 1e-12);
    REQUIRE(metrics.hit_ratio > 0);
    REQUIRE(metrics.hit_ratio < 1);
  }
}

TEST_CASE("a hit is shared among items of equal score") {
  const auto items = test_support::small_catalogue();
  const title_trie titles{items, support::vocabulary};
  language_model<float> model{items, titles, {.seed = 14}};
  // Items 1 and 6 have one title. A title that begins another need not lose against it: only itself and its equal here.
  const std::vector<toy_llm::ranking_row> rows{{{0, 3}, 1, {6}}, {{0, 3}, 6, {1, 1}}};
  const auto metrics = toy_llm::rank(model, rows);
  REQUIRE(std::abs(metrics.hit_ratio - (1.0 / 2 + 1.0 / 3) / 2) <= 1e-15);
  REQUIRE(std::abs(metrics.hit_ratio_average - metrics.hit_ratio) <= 1e-15);
  REQUIRE(metrics.win_rate == 0);
}

TEST_CASE("rows without finite scores are counted and never hit; no rows are no error") {
  const auto items = test_support::small_catalogue();
  const title_trie titles{items, support::vocabulary};
  language_model<float> model{items, titles, {.seed = 15}};
  std::ranges::fill(model.parameters(), std::numeric_limits<float>::quiet_NaN());
  const std::vector<toy_llm::ranking_row> rows{{{0, 3}, 1, {2, 4}}, {{2}, 3, {0}}};
  const auto metrics = toy_llm::rank(model, rows);
  REQUIRE(metrics.invalid_rows == 2);
  REQUIRE(metrics.hit_ratio == 0);
  REQUIRE(metrics.win_rate == 0);
  REQUIRE(std::isnan(metrics.chosen_log_probability));
  REQUIRE(toy_llm::rank(model, {}).rows == 0);
  REQUIRE(toy_llm::rank(model, {}).hit_ratio == 0);
}
