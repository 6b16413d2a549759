// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/slot_draw.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "dynamicpo/sample/uniform.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;
namespace sample = dynamicpo::sample;
using sample::item;

namespace {

/// Candidates 0 .. 3, drawn always the same one, of items 10, 20, 30, 40; the last has no weight.
struct stuck {
  po::index drawn;

  po::index candidates() const { return 4; }
  po::index draw(sample::philox_engine&) const { return drawn; }
  double probability(po::index candidate) const { return candidate < 3 ? 0.25 * (candidate == 2 ? 2 : 1) : 0; }
  item item_of(po::index candidate) const { return static_cast<item>(10 * (candidate + 1)); }
};

}  // namespace

TEST_CASE("draw_slot: the first draw that is not excluded") {
  sample::draw_counts counts;
  const auto nothing = [](item) { return false; };
  REQUIRE(detail::draw_slot(stuck{1}, sample::philox_engine{5}, nothing, counts) == 1);
  REQUIRE(counts.accepted == 1);
  REQUIRE(counts.rejected == 0);
  REQUIRE(counts.exhaustive == 0);
}

TEST_CASE("draw_slot: after 32 draws in vain, one of those left, by their weight") {
  sample::draw_counts counts;
  int of_two = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const po::index found = detail::draw_slot(
        stuck{0}, sample::philox_engine{seed}, [](item each) { return each == 10; }, counts);
    REQUIRE((found == 1 || found == 2));
    of_two += found == 2 ? 1 : 0;
  }
  REQUIRE(counts.accepted == 0);
  REQUIRE(counts.rejected == 3000 * 32);
  REQUIRE(counts.exhaustive == 3000);
  REQUIRE(std::abs(of_two - 2000) < 5 * std::sqrt(3000 * 2.0 / 9));  // two thirds, five standard deviations
}

TEST_CASE("draw_slot: none where only what has no weight is left") {
  sample::draw_counts counts;
  const auto all_others = [](item each) { return each < 40; };
  REQUIRE(detail::draw_slot(stuck{2}, sample::philox_engine{1}, all_others, counts) == -1);
  REQUIRE(counts.exhaustive == 0);
}

TEST_CASE("candidate_of searches where a sampler does not say") {
  REQUIRE(detail::candidate_of(stuck{0}, 10) == 0);
  REQUIRE(detail::candidate_of(stuck{0}, 40) == 3);
  for (const item none : {9, 11, 35, 41, -1}) { REQUIRE(detail::candidate_of(stuck{0}, none) == -1); }
  REQUIRE(detail::candidate_of(sample::uniform(5), 4) == 4);
  REQUIRE(detail::candidate_of(sample::uniform(5), 5) == -1);
}

TEST_CASE("log q given that no positive is drawn: exact where little is left, too") {
  const sample::uniform from(1000);
  for (const item most : {0, 1, 499, 501, 999}) {
    std::vector<item> positives;
    for (item each = 0; each < most; ++each) { positives.insert(positives.end(), 2, each); }  // twice is once
    const double left = detail::log_probability_left(from, positives.data(), static_cast<po::index>(positives.size()));
    REQUIRE(std::abs(left - std::log((1000.0 - most) / 1000.0)) <= 1e-14 * std::abs(left) + 1e-16);
    REQUIRE(std::abs(detail::log_probability_of(from, 999, left) + std::log(1000.0 - most)) <= 1e-14 * 7);
    REQUIRE(detail::log_probability_of(from, 999, left) <= 0);
  }
  REQUIRE(detail::log_probability_of(from, -1, 0) == -std::numeric_limits<double>::infinity());
}
