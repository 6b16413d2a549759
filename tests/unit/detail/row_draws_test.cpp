// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/row_draws.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/sample/in_batch.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;
namespace sample = dynamicpo::sample;
using sample::item;

namespace {

constexpr std::size_t bytes = detail::target_bytes;

template <std::size_t Bytes>
void check_words() {
  for (const po::index first : {0, 5, 1 << 20}) {
    const sample::slot_stream stream(77, 3, 4'000'000'000);
    detail::slot_words<16, Bytes> words;
    words.make(stream, first);
    for (std::size_t i = 0; i < 16; ++i) {
      auto found = words[i], expected = stream.words(first + static_cast<po::index>(i));
      for (int word = 0; word < 11; ++word) { REQUIRE(found() == expected()); }
    }
  }
}

}  // namespace

TEST_CASE("slot_words are the words of each slot, beyond the first four too, in any registers") {
  check_words<16>();
  if constexpr (bytes >= 32) { check_words<32>(); }
  if constexpr (bytes >= 64) { check_words<64>(); }
}

TEST_CASE("in_ascending finds what std::binary_search finds, in lists of every length") {
  sample::philox_engine random{4};
  for (std::size_t length = 0; length < 70; ++length) {
    std::vector<item> list(length);
    for (item& each : list) { each = static_cast<item>(random.below(100)) - 20; }
    std::sort(list.begin(), list.end());
    for (item wanted = -25; wanted < 105; ++wanted) {
      const bool expected = std::binary_search(list.begin(), list.end(), wanted);
      REQUIRE(detail::in_ascending(list.data(), static_cast<po::index>(length), wanted) == expected);
    }
  }
}

TEST_CASE("taken_items holds what was added, up to the last place, and forgets it") {
  detail::taken_items taken;
  for (const po::index most : {0, 1, 15, 16, 17, 200}) {
    taken.clear(most);
    std::set<item> added;
    for (po::index i = 0; i < most; ++i) {
      const auto each = static_cast<item>((i * 37) % 1009);
      REQUIRE(!taken.contains(each));
      taken.add(each);
      added.insert(each);
    }
    for (item each = 0; each < 1009; ++each) { REQUIRE(taken.contains(each) == added.contains(each)); }
  }
}

namespace {

/// A sampler whose candidates can only be searched.
struct even_items {
  po::index candidates() const { return 8; }
  po::index draw(sample::philox_engine& words) const { return words.below(8); }
  double probability(po::index) const { return 0.125; }
  item item_of(po::index candidate) const { return static_cast<item>(2 * candidate); }
};

}  // namespace

TEST_CASE("candidate_of: the sampler's own, or by search") {
  const std::vector<item> batch{9, 3, -1, 3, 40};
  const sample::in_batch chosen(batch);
  for (item wanted = -3; wanted < 50; ++wanted) {
    const auto even = detail::candidate_of(even_items{}, wanted);
    REQUIRE(even == (wanted >= 0 && wanted < 16 && wanted % 2 == 0 ? wanted / 2 : -1));
    REQUIRE(detail::candidate_of(sample::uniform(20), wanted) == (wanted >= 0 && wanted < 20 ? wanted : -1));
    const auto found = detail::candidate_of(chosen, wanted);
    REQUIRE((found >= 0) == (wanted == 3 || wanted == 9 || wanted == 40));
    if (found >= 0) { REQUIRE(chosen.item_of(found) == wanted); }
  }
}

TEST_CASE("any_twice sees every pair of the first items, and no other") {
  for (std::size_t count = 0; count <= 16; ++count) {
    item items[16];
    for (std::size_t i = 0; i < 16; ++i) { items[i] = i < count ? static_cast<item>(100 - i) : 7; }
    REQUIRE(!detail::any_twice<bytes>(items, count));
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        const item kept = items[a];
        items[a] = items[b];
        REQUIRE(detail::any_twice<bytes>(items, count));
        items[a] = kept;
      }
    }
  }
}

TEST_CASE("row_draws: more slots than one group, in order, and what is left when candidates run out") {
  const sample::uniform from(40);
  const std::vector<item> positives{0, 7, 39};
  detail::taken_items taken;
  using draws_of_row = detail::row_draws<sample::uniform, bytes>;
  draws_of_row draws(from, positives, false, 50, taken);
  sample::draw_counts counts;
  std::vector<po::index> written;
  for (po::index slot = 0; slot < 50; slot += static_cast<po::index>(draws_of_row::group)) {
    detail::slot_words<draws_of_row::group, bytes> words;
    words.make({1, 2, 3}, slot);
    draws_of_row::tries made;
    made.draw(from, words);
    made.windows.find(detail::lined_list::of(positives), made.items);
    draws.settle(made, counts, [&](po::index at, po::index candidate) {
      REQUIRE(at == static_cast<po::index>(written.size()));
      written.push_back(candidate);
    });
  }
  const auto found = draws.finish(counts);
  REQUIRE(written.size() == 50);
  REQUIRE(found == 37);
  REQUIRE((counts.drawn == 37 && counts.short_rows == 1 && counts.accepted + counts.exhaustive == 37));
  REQUIRE(std::all_of(written.begin() + 37, written.end(), [](po::index each) { return each == -1; }));
  const std::set<po::index> distinct(written.begin(), written.begin() + 37);
  REQUIRE(distinct.size() == 37);
  for (const item each : positives) { REQUIRE(!distinct.contains(each)); }
}
