// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/sequence_outputs.hpp"

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using dynamicpo::lm::sequence_outputs;

TEST_CASE("sequence_outputs: log_prob is a must, the others are optional, none may be too short") {
  std::vector<double> three(3), two(2);
  std::vector<std::int32_t> six(6), five(5), counts(2);
  const auto fits = [](const sequence_outputs& out) { out.require("here", 3, 2); };
  REQUIRE_NOTHROW(fits({.log_prob = three}));
  REQUIRE_NOTHROW(fits({.log_prob = three, .count = six, .entropy = three, .argmax = six}));
  REQUIRE_THROWS_WITH(fits({}), "dynamicpo::here: log_prob has 0 entries, expected 3");
  REQUIRE_THROWS_WITH(fits({.log_prob = two}), "dynamicpo::here: log_prob has 2 entries, expected 3");
  REQUIRE_THROWS_WITH(fits({.log_prob = three, .count = counts}), "dynamicpo::here: count has 2 entries, expected 3");
  REQUIRE_THROWS_WITH(fits({.log_prob = three, .entropy = two}), "dynamicpo::here: entropy has 2 entries, expected 3");
  REQUIRE_THROWS_WITH(fits({.log_prob = three, .argmax = five}), "dynamicpo::here: argmax has 5 entries, expected 6");
}
