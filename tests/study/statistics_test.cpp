// SPDX-License-Identifier: MIT
#include "study/statistics.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

using collapse_study::compare;
using collapse_study::comparison;
using collapse_study::sample_summary;
using collapse_study::summarise;
using collapse_study::summarise_within_seeds;
using collapse_study::two_sided_p;

TEST_CASE("statistics: Student's two-sided p agrees with the printed tables") {
  struct entry {
    double freedom, t, p;
  };
  // Critical values to four digits: p is off by what that rounding makes of it.
  for (const auto& [freedom, t, p] : {entry{1, 12.706, .05}, entry{1, 63.657, .01}, entry{2, 4.3027, .05},
                                      entry{4, 2.7764, .05}, entry{4, 8.6103, .001}, entry{11, 2.2010, .05},
                                      entry{11, 3.1058, .01}, entry{30, 1.6973, .1}, entry{120, 1.9799, .05}}) {
    INFO("freedom " << freedom << ", t " << t);
    REQUIRE(std::abs(two_sided_p(t, freedom) - p) <= 2e-4 * p);
    REQUIRE(two_sided_p(-t, freedom) == two_sided_p(t, freedom));
  }
  // One degree of freedom is Cauchy's distribution, two have p = 1 - t / sqrt(2 + t^2).
  for (const double t : {.1, 1.0, 7.0, 300.0}) {
    REQUIRE(std::abs(two_sided_p(t, 1) - 2 * std::atan(1 / t) / std::acos(-1)) <= 1e-12);
    REQUIRE(std::abs(two_sided_p(t, 2) - (1 - t / std::sqrt(2 + t * t))) <= 1e-12);
  }
  REQUIRE(two_sided_p(0, 3) == 1);
  REQUIRE(two_sided_p(std::numeric_limits<double>::infinity(), 3) == 0);
  REQUIRE(std::isnan(two_sided_p(2, 0)));
  REQUIRE(std::isnan(two_sided_p(std::nan(""), 3)));
}

TEST_CASE("statistics: a summary of known figures") {
  const sample_summary four = summarise(std::vector<double>{1, 2, 3, 6});
  REQUIRE(four.count == 4);
  REQUIRE(four.mean == 3);
  REQUIRE(std::abs(four.deviation - std::sqrt(14.0 / 3)) <= 1e-15);
  REQUIRE(std::abs(four.standard_error - std::sqrt(14.0 / 12)) <= 1e-15);

  const sample_summary one = summarise(std::vector<double>{7});
  REQUIRE(one.mean == 7);
  REQUIRE(std::isnan(one.deviation));
  REQUIRE(std::isnan(summarise({}).mean));
}

TEST_CASE("statistics: a comparison pairs seeds") {
  const std::vector<double> a{.5, .6, .7}, b{.4, .49, .62};
  const comparison compared = compare(a, b);
  REQUIRE(compared.count == 3);
  REQUIRE(std::abs(compared.difference - .29 / 3) <= 1e-15);
  // Differences .10, .11, .08.
  const double deviation = std::sqrt((.01 * .01 + .04 * .04 + .05 * .05) / 9 / 2);
  REQUIRE(std::abs(compared.standard_error - deviation / std::sqrt(3)) <= 1e-12);
  REQUIRE(std::abs(compared.t - compared.difference / compared.standard_error) <= 1e-12);
  REQUIRE(std::abs(compared.pooled_error - std::hypot(summarise(a).standard_error, summarise(b).standard_error)) <=
          1e-15);
  REQUIRE(compared.shows());
  REQUIRE(compare(b, a).difference == -compared.difference);
  REQUIRE(compare(b, a).p == compared.p);

  const comparison same = compare(a, a);
  REQUIRE(same.t == 0);
  REQUIRE(same.p == 1);
  REQUIRE(!same.shows());
  REQUIRE(!compare(std::vector<double>{.9}, std::vector<double>{.1}).shows());
  REQUIRE_THROWS_AS(compare(a, std::vector<double>{1, 2}), std::invalid_argument);
}

TEST_CASE("statistics: what a seed adds to all arms alike is not spread") {
  // arm + seed, and one arm that one seed treats differently
  const std::vector<std::vector<double>> additive{{1, 2, 4}, {11, 12, 14}, {6, 7, 9}};
  for (const sample_summary& arm : summarise_within_seeds(additive)) REQUIRE(arm.standard_error <= 1e-14);
  REQUIRE(std::abs(summarise_within_seeds(additive)[1].mean - 37.0 / 3) <= 1e-14);

  // Of two arms the errors together are that of the paired difference.
  const std::vector<std::vector<double>> two{{.5, .6, .7}, {.4, .49, .62}};
  const auto within = summarise_within_seeds(two);
  REQUIRE(std::abs(std::hypot(within[0].standard_error, within[1].standard_error) -
                   compare(two[0], two[1]).standard_error) <= 1e-15);
}
