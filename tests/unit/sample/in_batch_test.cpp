// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/in_batch.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace sample = dynamicpo::sample;
using sample::item;

TEST_CASE("in_batch: every item once, by how often it is chosen") {
  const std::vector<item> chosen{7, 2, 7, 7, 30};
  const sample::in_batch sampler(chosen);
  STATIC_REQUIRE(sample::sampler<sample::in_batch>);
  REQUIRE(sampler.candidates() == 3);
  REQUIRE((sampler.item_of(0) == 2 && sampler.item_of(1) == 7 && sampler.item_of(2) == 30));
  REQUIRE(std::abs(sampler.probability(1) - 0.6) <= 1e-15);
  REQUIRE(std::abs(test_support::deviation_of(sampler, 100000)) <= 4);
  REQUIRE_THROWS_AS(sample::in_batch(std::span<const item>()), std::invalid_argument);
}

TEST_CASE("in_batch_mask leaves out one's own, positives and repetitions") {
  const std::vector<item> chosen{7, 2, 7, 30};
  const std::vector<std::int64_t> offsets{0, 1, 1, 2, 2};
  const std::vector<item> positives{30, 2};
  std::vector<std::uint8_t> mask(16, 9);
  sample::in_batch_mask(chosen, {offsets, positives}, mask);
  REQUIRE(mask == std::vector<std::uint8_t>{0, 1, 0, 0,  // 30 is a positive
                                            1, 0, 0, 1,  // 7 once
                                            0, 0, 0, 1,  // 2 is a positive, 7 its own
                                            1, 1, 0, 0});
  std::vector<std::uint8_t> small(15);
  REQUIRE_THROWS_AS(sample::in_batch_mask(chosen, {}, small), std::invalid_argument);
}

TEST_CASE("in_batch: ids below 0 are padding") {
  const std::vector<item> chosen{-1, 5, -1, 6};
  const sample::in_batch sampler(chosen);
  REQUIRE((sampler.candidates() == 2 && sampler.item_of(0) == 5 && sampler.probability(0) == 0.5));
  std::vector<std::uint8_t> mask(16);
  sample::in_batch_mask(chosen, {}, mask);
  REQUIRE(mask == std::vector<std::uint8_t>{0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0});
  const std::vector<item> padding{-1, -1};
  REQUIRE_THROWS_AS(sample::in_batch(padding), std::invalid_argument);
}
