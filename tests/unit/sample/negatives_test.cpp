// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/negatives.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/exec/threads.hpp"
#include "dynamicpo/sample/in_batch.hpp"
#include "dynamicpo/sample/log_uniform.hpp"
#include "dynamicpo/sample/popularity.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "dynamicpo/select/random_k.hpp"
#include "dynamicpo/workspace.hpp"
#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;
using sample::item;

namespace {

struct drawn {
  std::vector<item> items;
  std::vector<double> log_q;
  std::vector<po::index> found;
  sample::draw_counts counts;
};

template <class Sampler, class Exec = po::exec::sequential>
drawn draw(const Sampler& from, po::index rows, po::index slots, const sample::item_lists& positives,
           bool replacement = false, const sample::place& at = {.seed = 9}, const Exec& exec = {}) {
  const auto entries = static_cast<std::size_t>(rows * slots);
  drawn made{std::vector<item>(entries, -7),
             std::vector<double>(entries, 7.0),
             std::vector<po::index>(static_cast<std::size_t>(rows), -7),
             {}};
  made.counts = sample::draw_negatives(exec, from, rows, positives, at, replacement,
                                       {.items = made.items, .log_q = made.log_q, .found = made.found});
  return made;
}

/// The same positives for every row.
struct repeated {
  std::vector<std::int64_t> offsets;
  std::vector<item> items;
  repeated(po::index rows, const std::vector<item>& each) {
    for (po::index row = 0; row <= rows; ++row) {
      offsets.push_back(row * static_cast<std::int64_t>(each.size()));
      if (row < rows) { items.insert(items.end(), each.begin(), each.end()); }
    }
  }
  sample::item_lists lists() const { return {offsets, items}; }
};

}  // namespace

TEST_CASE("draw_negatives: never a positive, none twice, by q among the rest") {
  const std::vector<double> counts{5, 1, 0, 20, 3, 8, 1};
  const sample::popularity sampler(std::span<const double>(counts), 1.0);
  const std::vector<item> positives{1, 3, 3, 90};
  constexpr po::index rows = 60000;
  const repeated each(rows, positives);
  const auto found = draw(sampler, rows, 2, each.lists());
  REQUIRE(found.counts.drawn == 2 * rows);
  REQUIRE(found.counts.rejected > 0);
  REQUIRE(found.counts.short_rows == 0);
  std::vector<double> first(7), second(7);
  for (std::size_t row = 0; row < rows; ++row) {
    REQUIRE(found.items[2 * row] != found.items[2 * row + 1]);
    ++first[static_cast<std::size_t>(found.items[2 * row])];
    ++second[static_cast<std::size_t>(found.items[2 * row + 1])];
  }
  const std::vector<double> left{5 / 17.0, 0, 0, 0, 3 / 17.0, 8 / 17.0, 1 / 17.0};
  REQUIRE(std::abs(test_support::chi_square_deviation(first, left)) <= 4);
  // P(second = j) = sum over first i != j of q_i q_j / (1 - q_i).
  std::vector<double> after(7);
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 7; ++j) { after[j] += i == j ? 0 : left[i] * left[j] / (1 - left[i]); }
  }
  REQUIRE(std::abs(test_support::chi_square_deviation(second, after)) <= 4);
  for (std::size_t i = 0; i < found.items.size(); ++i) {
    const double expected = std::log(left[static_cast<std::size_t>(found.items[i])]);
    REQUIRE(std::abs(found.log_q[i] - expected) <= 1e-12);
  }
}

TEST_CASE("draw_negatives: rare negatives are found by going through all, by the same q") {
  std::vector<double> counts(200, 1000);
  counts[17] = 1;
  counts[60] = 3;
  const sample::popularity sampler(std::span<const double>(counts), 1.0);
  std::vector<item> positives;
  for (item i = 0; i < 200; ++i) {
    if (i != 17 && i != 60) { positives.push_back(i); }
  }
  const repeated each(4000, positives);
  const auto found = draw(sampler, 4000, 1, each.lists(), true);
  REQUIRE(found.counts.exhaustive > 3900);
  REQUIRE(found.counts.rejection_rate() > 0.99);
  std::vector<double> seen(200), expected(200);
  for (const item each_item : found.items) { ++seen[static_cast<std::size_t>(each_item)]; }
  expected[17] = 0.25;
  expected[60] = 0.75;
  REQUIRE(std::abs(test_support::chi_square_deviation(seen, expected)) <= 4);
}

TEST_CASE("draw_negatives: a user of every item but one gets that one; of every item, none, and it says so") {
  const sample::uniform sampler(5);
  const std::vector<std::int64_t> offsets{0, 4, 9, 9};
  const std::vector<item> items{0, 1, 3, 4, 0, 1, 2, 3, 4};
  const auto found = draw(sampler, 3, 3, {offsets, items});
  REQUIRE(std::vector<item>(found.items.begin(), found.items.begin() + 6) == std::vector<item>{2, -1, -1, -1, -1, -1});
  REQUIRE(found.found == std::vector<po::index>{1, 0, 3});
  REQUIRE((found.counts.short_rows == 2 && found.counts.drawn == 4));
  REQUIRE((found.log_q[1] == -INFINITY && std::abs(found.log_q[0]) <= 1e-12));
  const auto again = draw(sampler, 1, 4, {std::span(offsets).first(2), items}, true);
  REQUIRE(again.items == std::vector<item>{2, 2, 2, 2});
}

TEST_CASE("draw_negatives: zeros are never drawn, not even when nothing else is left") {
  const std::vector<double> counts{0, 2, 0, 1};
  const sample::popularity sampler(std::span<const double>(counts), 1.0);
  const auto found = draw(sampler, 50, 4, {});
  for (std::size_t row = 0; row < 50; ++row) {
    const std::set<item> pair(found.items.begin() + static_cast<std::ptrdiff_t>(4 * row),
                              found.items.begin() + static_cast<std::ptrdiff_t>(4 * row + 2));
    REQUIRE(pair == std::set<item>{1, 3});
    REQUIRE((found.items[4 * row + 2] == -1 && found.items[4 * row + 3] == -1));
  }
}

TEST_CASE("draw_negatives: draws depend on seed, epoch, row and slot, not on threads or how rows are split",
          "[threads]") {
  const sample::log_uniform sampler(1000);
  const repeated each(1000, {0, 1, 5});
  const sample::place at{.seed = 4, .epoch = 2};
  const auto whole = draw(sampler, 1000, 5, each.lists(), false, at);
  for (const unsigned count : {1u, 2u, 7u}) {
    const auto many = draw(sampler, 1000, 5, each.lists(), false, at, po::exec::threads{count});
    REQUIRE((many.items == whole.items && many.log_q == whole.log_q));
    REQUIRE((many.counts.rejected == whole.counts.rejected && many.counts.drawn == whole.counts.drawn));
  }
  const repeated some(300, {0, 1, 5});
  const auto part = draw(sampler, 300, 5, some.lists(), false, {.seed = 4, .epoch = 2, .first_row = 400});
  REQUIRE(std::equal(part.items.begin(), part.items.end(), whole.items.begin() + 2000));
  // Fewer slots are the first of more.
  const auto few = draw(sampler, 1000, 2, each.lists(), false, at);
  for (std::size_t row = 0; row < 1000; ++row) {
    REQUIRE((few.items[2 * row] == whole.items[5 * row] && few.items[2 * row + 1] == whole.items[5 * row + 1]));
  }
  REQUIRE(draw(sampler, 1000, 5, each.lists(), false, {.seed = 4, .epoch = 3}).items != whole.items);
  REQUIRE(draw(sampler, 1000, 5, each.lists(), false, {.seed = 5, .epoch = 2}).items != whole.items);
}

TEST_CASE("draw_negatives from the batch: other rows' items by how often they are chosen, not one's own") {
  const std::vector<item> chosen{10, 4, 10, 99, 4, 10};
  const sample::in_batch sampler(chosen);
  constexpr po::index rows = 30000;
  const repeated each(rows, {4});
  const auto found = draw(sampler, rows, 1, each.lists());
  double tens = 0;
  for (const item drawn_item : found.items) {
    REQUIRE((drawn_item == 10 || drawn_item == 99));
    tens += drawn_item == 10 ? 1 : 0;
  }
  REQUIRE(std::abs(test_support::chi_square_deviation({tens, rows - tens}, {0.75, 0.25})) <= 4);
}

TEST_CASE("draw_negatives refuses outputs that do not fit") {
  const sample::uniform sampler(5);
  std::vector<item> items(7);
  std::vector<double> log_q(3);
  REQUIRE_THROWS_AS(sample::draw_negatives(po::exec::seq, sampler, 2, {}, {}, false, {.items = items}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(sample::draw_negatives(po::exec::seq, sampler, 7, {}, {}, false, {.items = items, .log_q = log_q}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(sample::draw_negatives(po::exec::seq, sampler, 0, {}, {}, false, {.items = items}),
                    std::invalid_argument);
  REQUIRE(sample::draw_negatives(po::exec::seq, sampler, 0, {}, {}, false, {}).drawn == 0);
}

TEST_CASE("draw_negatives: log q where positives hold nearly everything") {
  const std::vector<double> weights{1, 1e-17, 3e-17};
  const sample::popularity sampler(std::span<const double>(weights), 1.0);
  const std::vector<std::int64_t> offsets{0, 1};
  const std::vector<item> first{0};
  const auto found = draw(sampler, 1, 2, {offsets, first});
  for (std::size_t k = 0; k < 2; ++k) {
    REQUIRE(std::abs(found.log_q[k] - std::log(found.items[k] == 1 ? 0.25 : 0.75)) <= 1e-12);
  }
  std::vector<item> all;
  for (item i = 0; i < 99999; ++i) { all.push_back(i); }
  const std::vector<std::int64_t> most{0, 99999};
  const auto last = draw(sample::uniform(100000), 1, 1, {most, all});
  REQUIRE((last.items[0] == 99999 && std::abs(last.log_q[0]) <= 1e-12));
}

TEST_CASE("draw_negatives shares no random words with select::random_k under the same seed") {
  constexpr po::index rows = 4000;
  const auto drawn_items = draw(sample::uniform(1000), rows, 4, {}, true, {.seed = 7, .epoch = 3}).items;
  const po::select::random_k pick{.count = 1, .seed = 7, .step = 3};
  double low = 0, kept_and_low = 0, kept = 0;
  for (po::index row = 0; row < rows; ++row) {
    const std::vector<double> scores{-1, -2, -3, -4};
    std::vector<std::uint8_t> selected(4);
    po::detail::row_buffers<double> buffers;
    buffers.reserve(4);
    auto scratch = buffers.scratch();
    pick(po::select::row_scores<double>{0, scores, row}, std::span(selected), scratch);
    const bool is_low = drawn_items[static_cast<std::size_t>(4 * row)] < 250;
    low += is_low ? 1 : 0;
    kept += selected[0];
    kept_and_low += is_low && selected[0] != 0 ? 1 : 0;
  }
  REQUIRE((low > 900 && low < 1100 && kept > 900 && kept < 1100));
  REQUIRE(std::abs(kept_and_low - low * kept / rows) <= 4 * std::sqrt(rows / 16.0));
}

TEST_CASE("draw_negatives refuses epochs and rows beyond its counters") {
  std::vector<item> items(2);
  const sample::uniform sampler(5);
  REQUIRE_THROWS_AS(
      sample::draw_negatives(po::exec::seq, sampler, 2, {}, {.epoch = 1ull << 32}, false, {.items = items}),
      std::invalid_argument);
  REQUIRE_THROWS_AS(
      sample::draw_negatives(po::exec::seq, sampler, 2, {}, {.first_row = (1ll << 32) - 1}, false, {.items = items}),
      std::invalid_argument);
}
