// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/checked_lists.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dynamicpo/detail/slot_draw.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/sample/negatives.hpp"
#include "dynamicpo/sample/popularity.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "support/catch.hpp"
#include "support/message_of.hpp"

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;
using sample::item;

namespace {

/// Rows of all lengths side by side, so that what a row may have is what its neighbours may not; some items twice.
struct mixed_lists {
  std::vector<std::int64_t> offsets{0};
  std::vector<item> items;

  explicit mixed_lists(item catalogue) {
    const std::vector<std::size_t> long_ones{500, 1023, 1024, 1040, 1100, 2500};
    sample::philox_engine words(11);
    for (std::size_t row = 0; row < 400; ++row) {
      const std::size_t length = row % 20 == 19 ? long_ones[row / 20 % long_ones.size()] : row * 7 % 61;
      std::vector<item> list(length);
      for (item& each : list) { each = static_cast<item>(words.below(static_cast<std::uint32_t>(catalogue))); }
      std::sort(list.begin(), list.end());
      items.insert(items.end(), list.begin(), list.end());
      offsets.push_back(static_cast<std::int64_t>(items.size()));
    }
  }
  sample::item_lists lists() const { return {offsets, items}; }
};

template <class Sampler>
std::vector<item> draw(const Sampler& from, const sample::item_lists& positives, po::index rows, po::index slots,
                       bool replacement, po::index first_row = 0) {
  std::vector<item> items(static_cast<std::size_t>(rows * slots));
  sample::draw_negatives(po::exec::seq, from, rows, positives, {.seed = 5, .first_row = first_row}, replacement,
                         {.items = items});
  return items;
}

/// One slot after the other, each list gone through from end to end.
template <class Sampler>
std::vector<item> draw_simply(const Sampler& from, const sample::item_lists& positives, po::index rows, po::index slots,
                              bool replacement) {
  std::vector<item> items;
  for (po::index row = 0; row < rows; ++row) {
    const auto list = positives.of(row);
    const sample::slot_stream stream(5, 0, row);
    std::vector<item> taken;
    for (po::index slot = 0; slot < slots; ++slot) {
      sample::draw_counts counts;
      const po::index candidate = po::detail::draw_slot(
          from, stream.words(slot),
          [&](item wanted) {
            return std::find(list.begin(), list.end(), wanted) != list.end() ||
                   (!replacement && std::find(taken.begin(), taken.end(), wanted) != taken.end());
          },
          counts);
      taken.push_back(candidate < 0 ? -1 : from.item_of(candidate));
    }
    items.insert(items.end(), taken.begin(), taken.end());
  }
  return items;
}

}  // namespace

TEST_CASE("checked_lists: the draws of plain lists, which are those of a search from end to end") {
  const auto compare = [](const auto& from, item catalogue) {
    const mixed_lists rows(catalogue);
    const sample::checked_lists checked(rows.lists());
    for (const bool replacement : {false, true}) {
      for (const po::index slots : {1, 15, 16, 17, 40}) {
        const auto simply = draw_simply(from, rows.lists(), checked.size(), slots, replacement);
        REQUIRE(draw(from, rows.lists(), checked.size(), slots, replacement) == simply);
        REQUIRE(draw(from, checked.lists(), checked.size(), slots, replacement) == simply);
      }
    }
  };
  compare(sample::uniform(60), 60);
  compare(sample::uniform(3000), 3000);
  std::vector<double> weights(2000);
  for (std::size_t i = 0; i < weights.size(); ++i) { weights[i] = 1.0 / static_cast<double>(1 + i * 37 % 2000); }
  compare(sample::popularity(std::span<const double>(weights), 1.0), 2000);
}

TEST_CASE("checked_lists: some of the rows draw what they draw among all") {
  const mixed_lists rows(3000);
  const sample::checked_lists checked(rows.lists());
  const sample::uniform from(3000);
  const auto all = draw(from, checked.lists(), checked.size(), 15, false);
  for (const auto& [first, count] : {std::pair<po::index, po::index>{0, 7}, {19, 1}, {150, 250}, {400, 0}}) {
    const auto some = draw(from, checked.lists(first, count), count, 15, false, first);
    REQUIRE(std::equal(some.begin(), some.end(), all.begin() + 15 * first));
  }
}

TEST_CASE("checked_lists: lists anywhere in memory") {
  const sample::uniform from(100);
  for (std::size_t skip = 0; skip < 17; ++skip) {
    std::vector<item> items(skip, 99);
    for (item i = 0; i < 90; i += 2) { items.push_back(i); }
    const std::span<const item> list = std::span(items).subspan(skip);
    const std::vector<std::int64_t> offsets{0, 3, 20, 45};
    const sample::item_lists plain{offsets, list};
    const sample::checked_lists checked(plain);
    REQUIRE(draw(from, checked.lists(), 3, 33, true) == draw_simply(from, plain, 3, 33, true));
    REQUIRE(draw(from, plain, 3, 33, true) == draw_simply(from, plain, 3, 33, true));
  }
}

TEST_CASE("checked_lists: none at all") {
  const sample::checked_lists none{sample::item_lists{}};
  REQUIRE(none.size() == 0);
  REQUIRE(draw(sample::uniform(9), none.lists(), 4, 3, true) == draw(sample::uniform(9), {}, 4, 3, true));
  const std::vector<std::int64_t> offsets{0, 0, 2, 2};
  const std::vector<item> items{1, 2};
  const sample::checked_lists some(sample::item_lists{offsets, items});
  REQUIRE(draw(sample::uniform(9), some.lists(), 3, 3, true) ==
          draw_simply(sample::uniform(9), some.lists(), 3, 3, true));
}

TEST_CASE("checked_lists refuses lists out of order, rows that are not there, marks of other lists") {
  const std::vector<std::int64_t> offsets{0, 2, 5};
  const std::vector<item> falling{3, 9, 4, 1, 4}, rising{3, 9, 1, 1, 4};
  REQUIRE(test_support::message_of([&] {
            sample::checked_lists(sample::item_lists{offsets, falling});
          }) == "dynamicpo::checked_lists: the positives of row 1 are not in ascending order");
  const sample::checked_lists checked(sample::item_lists{offsets, rising});
  REQUIRE(test_support::message_of([&] { checked.lists(1, 2); }) ==
          "dynamicpo::checked_lists: 2 rows from 1 on, expected them among 2");
  REQUIRE_THROWS_AS(checked.lists(-1, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(checked.lists(0, -1), std::invalid_argument);
  const std::vector<item> marks(9);
  REQUIRE_THROWS_AS(draw(sample::uniform(9), {offsets, rising, marks}, 2, 3, true), std::invalid_argument);
}
