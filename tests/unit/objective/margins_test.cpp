// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/margins.hpp"

#include <limits>
#include <span>
#include <vector>

#include "dynamicpo/detail/row_layout.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
using V = po::detail::lanes<float, 16, 32>;
using A = po::accumulator_of<V>;

TEST_CASE("sum, count and least of one row's margins") {
  std::vector<float> margins{1e8f, 1.0f, -1e8f, 3.0f};
  const std::span<float> row(margins);
  REQUIRE(po::detail::sum(row) == 4.0);
  REQUIRE(po::detail::count(row) == 4.0);
  REQUIRE(po::detail::least(row) == -1e8f);
}

TEST_CASE("of rows side by side they are each row's own, of a row along the lanes those of all lanes") {
  float values[2][16];
  for (int l = 0; l < 16; ++l) {
    values[0][l] = static_cast<float>(l);
    values[1][l] = static_cast<float>(-2 * l);
  }
  V columns[2]{V::load(values[0]), V::load(values[1])};
  const po::detail::side_by_side<V> rows{V(0), A(2)};
  const po::detail::along_the_row<V> row{V(0), A(32)};
  const po::detail::lane_margins<V, po::detail::side_by_side<V>> many{columns, 2, rows};
  const po::detail::lane_margins<V, po::detail::along_the_row<V>> one{columns, 2, row};
  for (std::size_t l = 0; l < 16; ++l) {
    CAPTURE(l);
    REQUIRE(sum(many)[l] == -static_cast<double>(l));
    REQUIRE(count(many)[l] == 2);
    REQUIRE(least(many)[l] == -2 * static_cast<float>(l));
    REQUIRE(sum(one)[l] == -120);
    REQUIRE(count(one)[l] == 32);
    REQUIRE(least(one)[l] == -30);
  }
}
