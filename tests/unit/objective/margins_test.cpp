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
  REQUIRE(po::detail::replaced_sum(row, [](float margin) { return margin + 1; }) == 6.0);
  REQUIRE(margins == std::vector<float>{1e8f, 2.0f, -1e8f, 4.0f});
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
  const auto halved = [](const V& margin) { return margin * V(0.5f); };
  const A of_many = replaced_sum(many, halved), of_one = replaced_sum(one, halved);  // by turns, in place
  for (std::size_t l = 0; l < 16; ++l) {
    CAPTURE(l);
    REQUIRE(of_many[l] == -0.5 * static_cast<double>(l));
    REQUIRE(of_one[l] == -30);
    REQUIRE(columns[1][l] == -0.5f * static_cast<float>(l));
  }
}
