// SPDX-License-Identifier: MIT
#include "toy_llm/baselines.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "toy_llm/synthetic.hpp"

using namespace toy_llm;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double hit(double chosen, const std::vector<double>& negatives) { return expected_hit(chosen, negatives); }

}  // namespace

TEST_CASE("the chosen item shares first place with its equals") {
  REQUIRE(hit(2, {1, 0, -1}) == 1);
  REQUIRE(hit(2, {1, 3}) == 0);
  REQUIRE(hit(2, {2, 1}) == .5);
  REQUIRE(hit(0, {0, 0, 0}) == .25);
  REQUIRE(hit(2, {2, 3}) == 0);
  REQUIRE(hit(2, {}) == 1);
}

TEST_CASE("a score that is not a number is no hit") {
  REQUIRE(hit(not_a_number, {1, 2}) == 0);
  REQUIRE(hit(2, {1, not_a_number}) == 0);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  REQUIRE(hit(infinity, {1, infinity}) == .5);
  REQUIRE(hit(-infinity, {-infinity}) == .5);
}

TEST_CASE("baselines count and correlate the rows they were given") {
  const std::vector<ranking_row> rows{{.history = {0, 1}, .chosen = 2, .negatives = {}},
                                      {.history = {1, 1}, .chosen = 2, .negatives = {}},
                                      {.history = {3}, .chosen = 1, .negatives = {}}};
  const popularity_baseline popularity{rows, 5};
  const std::vector<item_id> history{1, 0, 4};
  const auto score = [&](const auto& baseline, item_id item) { return baseline(std::span{history}, item); };
  REQUIRE(score(popularity, 0) == 1);
  REQUIRE(score(popularity, 1) == 4);
  REQUIRE(score(popularity, 2) == 2);
  REQUIRE(score(popularity, 4) == 0);

  const item_cosine_baseline cosine{rows, 5};
  // Rows with 0: one, with 1: three, with 2: two, with 3: one.
  REQUIRE(std::abs(score(cosine, 2) - (2 / std::sqrt(6.) + 1 / std::sqrt(2.))) <= 1e-15);
  REQUIRE(std::abs(score(cosine, 3) - 1 / std::sqrt(3.)) <= 1e-15);
  REQUIRE(score(cosine, 4) == 0);
}

TEST_CASE("hit ratio is the mean over rows") {
  const std::vector<ranking_row> rows{{.history = {7}, .chosen = 3, .negatives = {1, 2}},
                                      {.history = {7}, .chosen = 1, .negatives = {2, 3}},
                                      {.history = {9}, .chosen = 1, .negatives = {2}}};
  const auto by_id_or_equal = [](std::span<const item_id> history, item_id item) {
    return history[0] == 9 ? 0. : static_cast<double>(item);
  };
  REQUIRE(std::abs(hit_ratio_at_1(rows, by_id_or_equal) - 1.5 / 3) <= 1e-15);
  REQUIRE(std::isnan(hit_ratio_at_1(std::vector<ranking_row>{}, by_id_or_equal)));
}

TEST_CASE("co-occurrence finds the style of synthetic users, popularity does not") {
  const dataset data = make_synthetic(preset_d);
  const double chance = .05, popular = hit_ratio_at_1(data.evaluation, popularity_baseline{data.train, 384}),
               cosine = hit_ratio_at_1(data.evaluation, item_cosine_baseline{data.train, 384});
  REQUIRE(popular > chance);
  REQUIRE(popular < .1);
  // The truth itself, then popularity, ranks .7 of the chosen items first.
  const auto by_label = [&](std::span<const item_id> history, item_id item) {
    double agreement = 0;
    const auto label = [](const std::vector<std::int32_t>& labels, item_id of) {
      return labels[static_cast<std::size_t>(of)];
    };
    for (const item_id other : history) {
      agreement += (label(data.items.genre, item) == label(data.items.genre, other)) +
                   12 * (label(data.items.style, item) == label(data.items.style, other));
    }
    return agreement;
  };
  const double truth = hit_ratio_at_1(data.evaluation, by_label);
  REQUIRE(std::abs(truth - .68) <= .03);
  REQUIRE(std::abs(cosine - truth) <= .06);
}
