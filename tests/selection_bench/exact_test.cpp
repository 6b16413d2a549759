// SPDX-License-Identifier: MIT
#include "selection_bench/exact.hpp"

#include <vector>

#include "selection_bench/random_rows.hpp"
#include "support/catch.hpp"

namespace sb = selection_bench;
using flags = std::vector<std::uint8_t>;

TEST_CASE("selection bench: the boundary by definition, on rows worked out by hand") {
  struct example {
    double chosen;
    std::vector<double> rejected;
    flags boundary;
  };
  for (const auto& [chosen, rejected, boundary] :
       {example{-1, {}, {}}, example{-1, {-7}, {1}}, example{-1, {-7, -3}, {0, 1}}, example{-1, {-7, -7}, {1, 1}},
        example{-5, {-4, -9, -5, -12}, {1, 0, 1, 0}},           // a tie with the chosen violates
        example{-1, {-4, -9, -5, -12, -4.5}, {1, 0, 1, 0, 1}},  // {-12}, {-9}, {-5, -4.5, -4}
        example{9, {0, 1, 2, 3}, {0, 0, 1, 1}},                 // three partitions of cost 1/2
        example{-1, {-9, -9, -12, -12, -12}, {1, 1, 0, 0, 0}},
        example{-1000, {-1200.0, -1200.6, -1201.2, -1200.1}, {1, 0, 0, 1}}}) {
    INFO(rejected.size() << " negatives, chosen " << chosen);
    REQUIRE(sb::exact_boundary(chosen, rejected) == boundary);
  }
}

TEST_CASE("selection bench: boundaries of rows stand at their flat positions") {
  sb::score_rows rows;
  rows.add(-1, std::vector<double>{-3, -9, -3});
  rows.add(-5, std::vector<double>{-4});
  rows.add(-1, std::vector<double>{-8, -2});
  REQUIRE(sb::exact_boundaries(rows) == flags{1, 0, 1, 1, 0, 1});
}
