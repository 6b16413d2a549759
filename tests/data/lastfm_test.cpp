// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/shared_data.hpp"
#include "support/skip.hpp"
#include "toy_llm/baselines.hpp"
#include "toy_llm/real_data.hpp"
#include "toy_llm/tokenizer.hpp"

using namespace toy_llm;

namespace {

constexpr const char* folder = "data/lastfm";
constexpr const char* absent = "no data/lastfm in the shared folder";

}  // namespace

TEST_CASE("LastFM: leaking evaluation rows are dropped and development rows are whole groups") {
  const auto path = test_support::shared_data(folder);
  if (!path) return test_support::skip(absent);
  const dataset data = read_dataset(*path);
  REQUIRE(data.items.size() == 4606);
  REQUIRE(data.leaks.rows_to_train == 2767);
  REQUIRE(data.leaks.rows_to_evaluate == 2495);
  REQUIRE(data.leaks.same_row == 3);
  REQUIRE(data.leaks.same_window == 106);
  REQUIRE(data.leaks.dropped == 106);
  REQUIRE(data.leaks.same_ending == 42);
  REQUIRE(data.evaluation.size() == 2389);
  REQUIRE(data.train.size() == 2387);
  REQUIRE(data.development.size() == 380);
  for (const auto* rows : {&data.train, &data.development, &data.evaluation}) {
    for (const ranking_row& row : *rows) {
      std::vector<item_id> items = sequence(row);
      items.insert(items.end(), row.negatives.begin(), row.negatives.end());
      REQUIRE(row.negatives.size() == 19);
      REQUIRE(std::set<item_id>(items.begin(), items.end()).size() == items.size());
    }
  }
}

TEST_CASE("LastFM: no row of one part shares four consecutive items with a row of another") {
  const auto path = test_support::shared_data(folder);
  if (!path) return test_support::skip(absent);
  const dataset data = read_dataset(*path, {.seed = GENERATE(0u, 1u)});
  const auto windows = [](const std::vector<ranking_row>& rows) {
    std::set<std::vector<item_id>> all;
    for (const ranking_row& row : rows) {
      const std::vector<item_id> items = sequence(row);
      REQUIRE(items.size() >= 4);
      for (auto first = items.begin(); first + 4 <= items.end(); ++first) all.emplace(first, first + 4);
    }
    return all;
  };
  const auto shared = [](const auto& one, const auto& two) {
    return std::count_if(one.begin(), one.end(), [&](const auto& window) { return two.contains(window); });
  };
  const auto train = windows(data.train), development = windows(data.development),
             evaluation = windows(data.evaluation);
  REQUIRE(shared(train, development) == 0);
  REQUIRE(shared(train, evaluation) == 0);
  REQUIRE(shared(development, evaluation) == 0);
}

TEST_CASE("LastFM: popularity and item cosine rank .261 and .365 of all 2495 test rows right") {
  const auto path = test_support::shared_data(folder);
  if (!path) return test_support::skip(absent);
  const dataset data = read_dataset(*path, {.development_share = 0, .keep_leaking_rows = true});
  REQUIRE(data.train.size() == 2767);
  REQUIRE(data.evaluation.size() == 2495);
  const double popularity = hit_ratio_at_1(data.evaluation, popularity_baseline{data.train, data.items.size()});
  const double cosine = hit_ratio_at_1(data.evaluation, item_cosine_baseline{data.train, data.items.size()});
  REQUIRE(std::abs(popularity - .261) <= .001);
  REQUIRE(std::abs(cosine - .365) <= .001);
}

TEST_CASE("LastFM: byte pairs shorten the titles and give them back") {
  const auto path = test_support::shared_data(folder);
  if (!path) return test_support::skip(absent);
  const dataset data = read_dataset(*path);
  REQUIRE(data.items.vocabulary.size() == 400);
  const auto tokenizer = byte_pair_tokenizer::learn(data.items.titles, 400);
  REQUIRE(tokenizer.vocabulary() == data.items.vocabulary);
  double bytes = 0, tokens = 0;
  for (std::size_t item = 0; item < data.items.size(); ++item) {
    REQUIRE(tokenizer.decode(data.items.tokens[item]) == ascii_lowercase(data.items.titles[item]));
    bytes += static_cast<double>(data.items.titles[item].size());
    tokens += static_cast<double>(data.items.tokens[item].size());
  }
  REQUIRE(tokens <= .65 * bytes);
}
