// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/uniform.hpp"

#include <stdexcept>

#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace sample = dynamicpo::sample;

TEST_CASE("uniform draws every item alike") {
  STATIC_REQUIRE(sample::sampler<sample::uniform>);
  for (const dynamicpo::index items : {2, 3, 100, 997}) {
    const sample::uniform sampler(items);
    REQUIRE(std::abs(test_support::total_probability(sampler) - 1) <= 1e-12);
    REQUIRE(std::abs(test_support::deviation_of(sampler, 200000)) <= 4);
    REQUIRE(sampler.item_of(items - 1) == items - 1);
  }
}

TEST_CASE("uniform reaches the ends of the largest catalogue") {
  const sample::uniform sampler(dynamicpo::index{1} << 31);
  dynamicpo::index least = 1L << 40, most = 0;
  for (int i = 0; i < 100000; ++i) {
    auto words = sample::slot_stream(3, 0, i).words(0);
    const dynamicpo::index drawn = sampler.draw(words);
    least = std::min(least, drawn);
    most = std::max(most, drawn);
  }
  REQUIRE((least >= 0 && least < 1 << 18));
  REQUIRE((most < 1L << 31 && most > (1L << 31) - (1 << 18)));
}

TEST_CASE("uniform refuses a catalogue of none, and of more items than ids") {
  REQUIRE_THROWS_AS(sample::uniform(0), std::invalid_argument);
  REQUIRE_THROWS_AS(sample::uniform((dynamicpo::index{1} << 31) + 1), std::invalid_argument);
}
