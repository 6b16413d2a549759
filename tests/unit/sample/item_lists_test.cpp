// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/item_lists.hpp"

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace sample = dynamicpo::sample;

TEST_CASE("item_lists: the items of each row, and whether one is there") {
  const std::vector<std::int64_t> offsets{0, 2, 2, 5};
  const std::vector<sample::item> items{3, 9, 1, 1, 4};
  const sample::item_lists lists{offsets, items};
  REQUIRE_NOTHROW(lists.require("here", 3));
  REQUIRE((lists.of(0).size() == 2 && lists.of(1).empty() && lists.of(2).size() == 3));
  REQUIRE((lists.contains(0, 9) && !lists.contains(0, 1) && !lists.contains(1, 3) && lists.contains(2, 4)));
  REQUIRE((sample::item_lists{}.of(100).empty() && !sample::item_lists{}.contains(5, 5)));
  REQUIRE_NOTHROW(sample::item_lists{}.require("here", 7));
}

TEST_CASE("item_lists refuses lists out of order, and offsets that do not fit") {
  const std::vector<sample::item> items{3, 9, 1, 1, 4};
  const auto refused = [&](const std::vector<std::int64_t>& offsets, dynamicpo::index rows) {
    REQUIRE_THROWS_AS((sample::item_lists{offsets, items}.require("here", rows)), std::invalid_argument);
  };
  refused({0, 3, 5}, 2);     // 3 9 1
  refused({0, 2, 5}, 3);     // a row too few
  refused({0, 2, 6}, 2);     // past the end
  refused({0, 2, 1, 2}, 3);  // decreasing
  refused({-1, 2}, 1);
}
