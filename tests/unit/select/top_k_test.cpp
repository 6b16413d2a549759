// SPDX-License-Identifier: MIT
#include "dynamicpo/select/top_k.hpp"

#include <algorithm>

#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/all.hpp"
#include "support/catch.hpp"
#include "support/select.hpp"

namespace po = dynamicpo;
using test_support::select_row;
using slots = std::vector<std::int32_t>;

TEST_CASE("top_k: the highest, whole over ties; none for 0, all where there are no more") {
  const std::vector<double> row{-3, -1, -2, -1, -5};
  const auto top = [&](po::index count) { return select_row(po::select::top_k{.count = count}, 0.0, row).slots; };
  REQUIRE(top(-1).empty());
  REQUIRE(top(0).empty());
  REQUIRE(top(1) == slots{1, 3});
  REQUIRE(top(2) == slots{1, 3});
  REQUIRE(top(3) == slots{1, 2, 3});
  REQUIRE(top(4) == slots{0, 1, 2, 3});
  REQUIRE(top(5) == slots{0, 1, 2, 3, 4});
  REQUIRE(top(6) == slots{0, 1, 2, 3, 4});
  REQUIRE(select_row(po::select::top_k{}, 0.0, row).rule == po::selection_rule::top_k);
}

TEST_CASE("top_k agrees with sorting") {
  po::sample::philox_engine random{1};
  for (int i = 0; i < 500; ++i) {
    std::vector<float> row(1 + random.below(40));
    for (float& x : row) { x = -static_cast<float>(random.below(12)); }
    const auto count = 1 + random.below(static_cast<std::uint32_t>(row.size()));
    std::vector<float> sorted = row;
    std::sort(sorted.begin(), sorted.end(), std::greater<>{});
    slots expected;
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (row[k] >= sorted[count - 1]) { expected.push_back(static_cast<std::int32_t>(k)); }
    }
    REQUIRE(select_row(po::select::top_k{.count = static_cast<po::index>(count)}, 0.0f, row).slots == expected);
  }
}

TEST_CASE("all: every negative, and the mean of the rest is theirs") {
  const auto found = select_row(po::select::all{}, 0.0, std::vector<double>{-3, -1, -5});
  REQUIRE(found.slots == slots{0, 1, 2});
  REQUIRE(found.rule == po::selection_rule::all);
  REQUIRE(found.mean_rest == -3);
}
