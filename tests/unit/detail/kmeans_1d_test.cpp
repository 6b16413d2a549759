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

  /// Where the largest top cluster of the least cost begins.
  std::size_t larger_top() const {
    const double equal = optimum * (1 + detail::tie_tolerance<double>(best.size()));
    std::size_t j = 2;
    while (!(best[j] <= equal)) { ++j; }
    return j;
  }
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

TEST_CASE("monotone cuts agree with all pairs: the optimum, and every cut near it") {
  dynamicpo::sample::philox_engine random{1};
  for (const std::size_t count : {std::size_t{3}, std::size_t{4}, std::size_t{5}, std::size_t{300}, std::size_t{1000},
                                  std::size_t{4000}}) {
    for (const double offset : {0.0, -1200.0, -1e7}) {
      for (const double outlier : {0.0, -1e10, 1e10}) {
        CAPTURE(count, offset, outlier);
        std::vector<double> values, weights;
        for (std::size_t i = 0; i < count; ++i) {
          const double u = random.uniform();
          values.push_back(offset + 10 * u * u + static_cast<double>(random.below(3)) * 4);
          weights.push_back(1 + random.below(3));
        }
        values[0] += outlier;
        std::sort(values.begin(), values.end());
        const solved slow = all_pairs(values, weights), fast = by_halves(values, weights);
        REQUIRE(std::abs(fast.optimum - slow.optimum) <= 1e-12 * slow.optimum);
        REQUIRE(fast.larger_top() == slow.larger_top());
        for (std::size_t j = 2; j < count; ++j) {
          if (slow.best[j] <= slow.optimum * (1 + 1e-9)) {
            REQUIRE(std::abs(fast.best[j] - slow.best[j]) <= 1e-12 * slow.best[j]);
          }
        }
      }
    }
  }
}

TEST_CASE("a uniform grid of 100000: thirds, and of equal costs the larger top") {
  const auto cost_of_run = [](double n) { return n * (n * n - 1) / 12; };
  for (const std::size_t count : {std::size_t{99999}, std::size_t{100000}, std::size_t{100001}}) {
    CAPTURE(count);
    std::vector<double> values(count), weights(count, 1.0);
    for (std::size_t i = 0; i < count; ++i) { values[i] = -1200 + static_cast<double>(i) / 64; }
    const solved found = by_halves(values, weights);
    const std::size_t third = count / 3, longer = count % 3;  // `longer` of the clusters have one more
    const double optimum = ((3 - static_cast<double>(longer)) * cost_of_run(static_cast<double>(third)) +
                            static_cast<double>(longer) * cost_of_run(static_cast<double>(third + 1))) /
                           (64.0 * 64.0);
    REQUIRE(std::abs(found.optimum - optimum) <= 1e-12 * optimum);
    REQUIRE(found.larger_top() == count - third - (longer > 0 ? 1 : 0));
  }
}

TEST_CASE("three clumps of 100000: the top one") {
  dynamicpo::sample::philox_engine random{2};
  std::vector<double> values;
  for (const double centre : {-500.0, -40.0, -3.0}) {
    for (int i = 0; i < (centre == -3.0 ? 20000 : 40000); ++i) { values.push_back(centre + random.uniform()); }
  }
  std::sort(values.begin(), values.end());
  REQUIRE(by_halves(values, std::vector<double>(values.size(), 1.0)).larger_top() == 80000);
}

TEST_CASE("two tight clumps far apart and of like spread: which one splits, and where") {
  dynamicpo::sample::philox_engine random{3};
  for (const double distance : {1e3, 1e6, 1e8}) {
    CAPTURE(distance);
    std::vector<double> values;
    for (int i = 0; i < 600; ++i) { values.push_back(random.uniform() + (i < 250 ? 0 : distance)); }
    std::sort(values.begin(), values.end());
    const std::vector<double> weights(values.size(), 1.0);
    const solved slow = all_pairs(values, weights), fast = by_halves(values, weights);
    REQUIRE(std::abs(fast.optimum - slow.optimum) <= 1e-12 * slow.optimum);
    REQUIRE(fast.larger_top() == slow.larger_top());
  }
}
