// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/draw_counts.hpp"

#include "support/catch.hpp"

using dynamicpo::sample::draw_counts;

TEST_CASE("draw_counts add up field by field") {
  draw_counts total{.drawn = 1, .accepted = 2, .rejected = 3, .exhaustive = 4, .short_rows = 5};
  total += draw_counts{.drawn = 10, .accepted = 20, .rejected = 30, .exhaustive = 40, .short_rows = 50};
  REQUIRE((total.drawn == 11 && total.accepted == 22 && total.rejected == 33));
  REQUIRE((total.exhaustive == 44 && total.short_rows == 55));
}

TEST_CASE("draw_counts: the rejection rate is of tries, 0 of none, whatever was found by going through all") {
  REQUIRE(draw_counts{}.rejection_rate() == 0);
  REQUIRE(draw_counts{.drawn = 7, .exhaustive = 7}.rejection_rate() == 0);
  REQUIRE(draw_counts{.accepted = 3, .rejected = 1}.rejection_rate() == 0.25);
  REQUIRE(draw_counts{.rejected = 5}.rejection_rate() == 1);
}
