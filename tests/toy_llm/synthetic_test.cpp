// SPDX-License-Identifier: MIT
#include "toy_llm/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "toy_llm/tokenizer.hpp"

using namespace toy_llm;

namespace {

bool same(const std::vector<ranking_row>& a, const std::vector<ranking_row>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ranking_row& one, const ranking_row& two) {
    return one.history == two.history && one.chosen == two.chosen && one.negatives == two.negatives;
  });
}

// FNV-1a.
std::uint64_t hash(const std::vector<std::string>& titles) {
  std::uint64_t value = 14695981039346656037u;
  for (const std::string& title : titles) {
    for (const char c : title + '\n') value = (value ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return value;
}

double at(const std::vector<std::int32_t>& labels, item_id item) { return labels[static_cast<std::size_t>(item)]; }

synthetic_options with_seed(synthetic_options options, std::uint64_t seed) {
  options.seed = seed;
  return options;
}

}  // namespace

TEST_CASE("preset D has the documented sizes") {
  const dataset data = make_synthetic(preset_d);
  REQUIRE(data.items.size() == 384);
  REQUIRE(data.items.tokens.size() == 384);
  REQUIRE(data.items.genre.size() == 384);
  REQUIRE(data.items.style.size() == 384);
  REQUIRE(data.items.vocabulary.size() == 310);
  REQUIRE(data.train.size() == 1200);
  REQUIRE(data.development.size() == 300);
  REQUIRE(data.evaluation.size() == 4000);
  REQUIRE(data.supervised.size() == 6000);
}

TEST_CASE("titles are unique and are their tokens") {
  const dataset data = make_synthetic(with_seed(GENERATE(preset_d, preset_a), GENERATE(0u, 1u, 2u)));
  const catalogue& items = data.items;
  REQUIRE(std::set<std::string>(items.titles.begin(), items.titles.end()).size() == items.size());
  const word_tokenizer tokenizer{std::span{items.vocabulary}.subspan(2)};
  REQUIRE(tokenizer.vocabulary() == items.vocabulary);
  for (std::size_t item = 0; item < items.size(); ++item) {
    REQUIRE(tokenizer.decode(items.tokens[item]) == items.titles[item]);
    REQUIRE(tokenizer.encode(items.titles[item]) == items.tokens[item]);
  }
}

TEST_CASE("titles name their genre and style as often as documented") {
  constexpr std::uint64_t seeds = 16;
  double items = 0, own_genre = 0, other_genre = 0, own_style = 0, other_style = 0, length = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const catalogue catalogue =
        make_synthetic(with_seed({.train_rows = 0, .development_rows = 0, .evaluation_rows = 0}, seed)).items;
    constexpr token_id first_style = 2 + 16 * 6, first_common = first_style + 64 * 3;
    for (std::size_t item = 0; item < catalogue.size(); ++item) {
      const token_id first = catalogue.tokens[item][0], second = catalogue.tokens[item][1];
      const bool genre = first < first_style, style = second >= first_style && second < first_common;
      own_genre += genre && (first - 2) / 6 == catalogue.genre[item];
      other_genre += genre && (first - 2) / 6 != catalogue.genre[item];
      own_style += style && (second - first_style) / 3 == catalogue.style[item];
      other_style += style && (second - first_style) / 3 != catalogue.style[item];
      REQUIRE(std::all_of(catalogue.tokens[item].begin() + 2, catalogue.tokens[item].end(),
                          [](token_id token) { return token >= first_common; }));
      length += static_cast<double>(catalogue.tokens[item].size());
      ++items;
    }
  }
  // Four standard errors of 6144 items; uniqueness favours longer titles a little.
  REQUIRE(std::abs(own_genre / items - .9) <= .0153);
  REQUIRE(std::abs(own_style / items - .8) <= .0204);
  REQUIRE(other_genre == 0);
  REQUIRE(other_style == 0);
  REQUIRE(length / items >= 3.5 - .06);
  REQUIRE(length / items <= 3.5 + .15);
}

TEST_CASE("rows hold distinct items, and negatives outside history and chosen") {
  const dataset data = make_synthetic(with_seed(GENERATE(preset_d, preset_a), GENERATE(0u, 5u)));
  for (const auto* rows : {&data.train, &data.development, &data.evaluation}) {
    for (const ranking_row& row : *rows) {
      std::vector<item_id> items = sequence(row);
      REQUIRE(items.size() == 7);
      REQUIRE(row.negatives.size() == (rows == &data.train ? 0u : 19u));
      items.insert(items.end(), row.negatives.begin(), row.negatives.end());
      REQUIRE(std::set<item_id>(items.begin(), items.end()).size() == items.size());
      REQUIRE(std::all_of(items.begin(), items.end(), [&](item_id item) {
        return item >= 0 && static_cast<std::size_t>(item) < data.items.size();
      }));
    }
  }
}

TEST_CASE("users like one style") {
  // Styles so large that drawing distinct items hardly matters.
  const dataset data = make_synthetic({.genres = 4,
                                       .styles = 2,
                                       .items_per_style = 400,
                                       .history = 1,
                                       .train_rows = 20000,
                                       .development_rows = 0,
                                       .evaluation_rows = 0});
  double style = 0, genre = 0;
  for (const ranking_row& row : data.train) {
    style += at(data.items.style, row.history[0]) == at(data.items.style, row.chosen);
    genre += at(data.items.genre, row.history[0]) == at(data.items.genre, row.chosen);
  }
  // Two draws agree in style with .8375^2 + .125^2 + 6 x .00625^2, in genre with .9625^2 + 3 x .0125^2. Four standard
  // errors, and the spread of the styles' total popularity.
  REQUIRE(std::abs(style / 20000 - .7173) <= .0128 + .005);
  REQUIRE(std::abs(genre / 20000 - .9269) <= .0074 + .005);
}

TEST_CASE("popularity is log-normal with spread .6") {
  const dataset data = make_synthetic({.genres = 1,
                                       .styles = 1,
                                       .items_per_style = 400,
                                       .filler = 3,
                                       .history = 1,
                                       .train_rows = 100000,
                                       .development_rows = 0,
                                       .evaluation_rows = 0});
  std::vector<double> counts(400);
  for (const ranking_row& row : data.train) ++counts[static_cast<std::size_t>(row.history[0])];
  double sum = 0, squares = 0;
  for (const double count : counts) {
    REQUIRE(count > 0);
    sum += std::log(count);
    squares += std::log(count) * std::log(count);
  }
  const double spread = std::sqrt(squares / 400 - sum * sum / 400 / 400);
  REQUIRE(std::abs(spread - .6) <= .09);  // four standard errors of a standard deviation from 400 values
}

TEST_CASE("the seed alone decides") {
  const dataset one = make_synthetic(preset_d), again = make_synthetic(preset_d), other = make_synthetic({.seed = 1});
  REQUIRE(one.items.titles == again.items.titles);
  REQUIRE(same(one.train, again.train));
  REQUIRE(same(one.development, again.development));
  REQUIRE(same(one.evaluation, again.evaluation));
  REQUIRE(one.items.titles != other.items.titles);
  REQUIRE(!same(one.train, other.train));
}

TEST_CASE("rows do not depend on how many there are") {
  const dataset full = make_synthetic(preset_d);
  dataset few = make_synthetic({.train_rows = 10, .development_rows = 20, .evaluation_rows = 30});
  REQUIRE(few.items.titles == full.items.titles);
  const auto first = [](const std::vector<ranking_row>& rows, std::ptrdiff_t count) {
    return std::vector<ranking_row>(rows.begin(), rows.begin() + count);
  };
  REQUIRE(same(few.train, first(full.train, 10)));
  REQUIRE(same(few.development, first(full.development, 20)));
  REQUIRE(same(few.evaluation, first(full.evaluation, 30)));
}

TEST_CASE("the titles of seed 0 stay what they are") {
  REQUIRE(hash(make_synthetic(preset_d).items.titles) == 0xcbd41f7df7e372e8u);
  REQUIRE(hash(make_synthetic(preset_a).items.titles) == 0xf65b234d26eda235u);
}

TEST_CASE("the largest style still has unique titles") {
  const catalogue items = make_synthetic({.genres = 1, .styles = 1, .items_per_style = 1000, .filler = 0}).items;
  REQUIRE(std::set<std::string>(items.titles.begin(), items.titles.end()).size() == 1000);
}

TEST_CASE("options that cannot be met say so") {
  REQUIRE_THROWS_WITH(make_synthetic({.genres = 0}), "toy_llm::make_synthetic: expected at least one genre, found 0");
  REQUIRE_THROWS_WITH(
      make_synthetic({.genres = 1, .styles = 2, .items_per_style = 12}),
      "toy_llm::make_synthetic: expected at least 26 items for history, chosen and negatives, found 24");
  REQUIRE_NOTHROW(make_synthetic({.genres = 1, .styles = 2, .items_per_style = 13}));
  REQUIRE_THROWS_WITH(make_synthetic({.filler = 4000000000u}),
                      "toy_llm::make_synthetic: expected at most 100 filler words, found 4000000000");
  REQUIRE_THROWS_AS(make_synthetic({.styles = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(make_synthetic({.items_per_style = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(make_synthetic({.history = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(make_synthetic({.items_per_style = 1001}), std::invalid_argument);
  REQUIRE_THROWS_AS(make_synthetic({.genres = 70000, .styles = 70000}), std::invalid_argument);
}
