// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/place.hpp"

#include "support/catch.hpp"
#include "support/message_of.hpp"

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;

using test_support::message_of;

TEST_CASE("a place is within the counters of a draw, its last row too") {
  constexpr po::index limit = po::index{1} << 32;
  const auto message = [](const sample::place& at, po::index rows) {
    return message_of([&] { at.require("here", rows); });
  };
  REQUIRE(message({.epoch = 0xffffffff, .first_row = limit - 5}, 5).empty());
  REQUIRE(message({.epoch = 7, .first_row = limit - 5}, 6) ==
          "dynamicpo::here: epoch 7, rows from 4294967291 on: expected both below 2^32");
  REQUIRE_FALSE(message({.epoch = std::uint64_t{1} << 32}, 1).empty());
  REQUIRE_FALSE(message({.first_row = -1}, 1).empty());
}

TEST_CASE("items are a whole number for each row") {
  const auto message = [](po::index rows, po::index items) {
    return message_of([&] { sample::require_rows("here", rows, items); });
  };
  REQUIRE(message(4, 12).empty());
  REQUIRE(message(4, 0).empty());
  REQUIRE(message(0, 0).empty());
  REQUIRE(message(5, 12) == "dynamicpo::here: items has 12 entries: not a whole number for each of 5 rows");
  REQUIRE_FALSE(message(0, 1).empty());
  REQUIRE_FALSE(message(-1, 0).empty());
}
