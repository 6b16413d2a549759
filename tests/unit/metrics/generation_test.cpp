// SPDX-License-Identifier: MIT
#include "dynamicpo/metrics/generation.hpp"

#include <cmath>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using dynamicpo::metrics::generation_metrics;

TEST_CASE("generation_metrics: valid is exactly one candidate named; case and outer white space do not count") {
  const std::vector<std::string_view> candidates{"The Matrix", "Alien", " Aliens", "Up", "Up", ""};
  const auto counts = [&](std::string_view answer) {
    generation_metrics one;
    one.add(answer, candidates, "the matrix ");
    return std::pair(one.valid, one.hits);
  };
  using pair = std::pair<dynamicpo::index, dynamicpo::index>;
  REQUIRE(counts("  the MATRIX\n") == pair(1, 1));
  REQUIRE(counts("I would pick The Matrix.") == pair(1, 1));
  REQUIRE(counts("alien") == pair(1, 0));
  REQUIRE(counts("aliens") == pair(0, 0));  // names both
  REQUIRE(counts("up") == pair(1, 0));      // listed twice, one title
  REQUIRE(counts("The Matrix or Up") == pair(0, 0));
  REQUIRE(counts("") == pair(0, 0));
  REQUIRE(counts("Blade Runner") == pair(0, 0));
}

TEST_CASE("generation_metrics: shares of all answers and of the valid ones") {
  const std::vector<std::string_view> candidates{"a1", "b2"};
  generation_metrics all;
  REQUIRE(std::isnan(all.valid_ratio()));
  for (const std::string_view answer : {"a1", "b2", "c3", "a1 b2"}) { all.add(answer, candidates, "a1"); }
  REQUIRE((all.answers == 4 && all.valid_ratio() == 0.5 && all.hit_ratio() == 0.25 && all.hit_ratio_of_valid() == 0.5));
}
