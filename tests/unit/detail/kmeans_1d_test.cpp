// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/kmeans_1d.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

/// The weighted sum of squares about the mean, in long double from the segment's first value.
long double cost(const std::vector<double>& values, const std::vector<double>& weights, std::size_t begin,
                 std::size_t end) {
  long double weight = 0, first = 0, second = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const long double away = static_cast<long double>(values[i]) - static_cast<long double>(values[begin]);
    weight += static_cast<long double>(weights[i]);
    first += static_cast<long double>(weights[i]) * away;
    second += static_cast<long double>(weights[i]) * away * away;
  }
  return second - first * first / weight;
}

struct solved {
  double optimum;
  std::vector<double> best;
};

solved all_pairs(const std::vector<double>& values, const std::vector<double>& weights) {
  std::vector<double> lower(values.size()), best(values.size());
  const double optimum = detail::best_cuts_all_pairs<double>(values, weights, lower, best);
  return {optimum, best};
}
solved by_halves(const std::vector<double>& values, const std::vector<double>& weights) {
  std::vector<detail::prefix_sums<double>> prefix(values.size() + 1);
  std::vector<double> best(values.size());
  const double optimum = detail::monotone_cuts<double>{values, weights, prefix, best}.solve();
  return {optimum, best};
}

}  // namespace

TEST_CASE("growing_cluster costs what the definition says, wherever the values lie") {
  for (const double offset : {0.0, -1200.0, 1e9}) {
    detail::growing_cluster<double> cluster;
    std::vector<double> values, weights;
    for (const double value : {0.0, 0.25, 1.5, -2.0, 0.75}) {
      values.push_back(offset + value);
      weights.push_back(1.0 + static_cast<double>(values.size() % 3));
      cluster.add(values.back(), weights.back());
      const auto exact = static_cast<double>(cost(values, weights, 0, values.size()));
      REQUIRE(std::abs(cluster.cost - exact) <= 1e-14 * std::max(1.0, exact));
    }
  }
}

TEST_CASE("both searches find the least cost and every cut that reaches it") {
  dynamicpo::sample::philox_engine random{6};
  for (const std::size_t size : {3u, 4u, 5u, 9u, 30u, 90u}) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::vector<double> values, weights;
      const double offset = repeat % 2 == 0 ? 0 : -1200;
      for (std::size_t i = 0; i < size; ++i) {
        values.push_back(offset + static_cast<double>(i) + random.uniform());
        weights.push_back(1 + random.below(3));
      }
      std::vector<long double> exact(size);
      long double least = INFINITY;
      for (std::size_t j = 2; j < size; ++j) {
        exact[j] = INFINITY;
        for (std::size_t i = 1; i < j; ++i) {
          exact[j] = std::min(exact[j], cost(values, weights, 0, i) + cost(values, weights, i, j));
        }
        exact[j] += cost(values, weights, j, size);
        least = std::min(least, exact[j]);
      }
      CAPTURE(size, repeat);
      for (const solved& found : {all_pairs(values, weights), by_halves(values, weights)}) {
        const auto optimum = static_cast<double>(least);
        REQUIRE(std::abs(found.optimum - optimum) <= 1e-13 * optimum);
        for (std::size_t j = 2; j < size; ++j) {
          // Exact where it is near the optimum, never below it.
          REQUIRE(found.best[j] >= optimum * (1 - 1e-13));
          if (exact[j] <= least * 1.0000001L) {
            REQUIRE(std::abs(found.best[j] - static_cast<double>(exact[j])) <= 1e-13 * optimum);
          }
        }
      }
    }
  }
}

TEST_CASE("three values cost nothing; weights count as repetitions") {
  const std::vector<double> three{-9, -4, 7}, ones(3, 1.0);
  REQUIRE(all_pairs(three, ones).optimum == 0);
  REQUIRE(by_halves(three, ones).optimum == 0);
  // {0 x 9, 1}, {10}, {20}: merging 0 and 1 costs 9 * 1 / 10.
  const std::vector<double> values{0, 1, 10, 20}, weights{9, 1, 1, 1};
  REQUIRE(std::abs(all_pairs(values, weights).optimum - 0.9) <= 1e-15);
  REQUIRE(std::abs(by_halves(values, weights).optimum - 0.9) <= 1e-15);
}

TEST_CASE("a far outlier does not blur the cuts among the rest") {
  // {0, 1e-3}, {1, 1.001}, {-1e12}: the cut lies before 1.
  const std::vector<double> values{-1e12, 0, 1e-3, 1, 1.001}, ones(5, 1.0);
  for (const solved& found : {all_pairs(values, ones), by_halves(values, ones)}) {
    REQUIRE(std::abs(found.best[3] / 1e-6 - 1) <= 1e-9);
    REQUIRE(found.best[2] > 0.1);
    REQUIRE(found.best[4] > 0.1);
  }
}
