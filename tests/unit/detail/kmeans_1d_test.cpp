// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/kmeans_1d.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

struct cuts {
  double optimum = 0;
  std::vector<double> best;  // by the place of the top cut

  std::size_t larger_top() const {
    const double equal = optimum * (1 + detail::tie_tolerance<double>(best.size()));
    std::size_t j = 2;
    while (!(best[j] <= equal)) { ++j; }
    return j;
  }
};

cuts all_pairs(const std::vector<double>& values, const std::vector<double>& weights) {
  cuts found{0, std::vector<double>(values.size())};
  std::vector<double> lower(values.size());
  found.optimum = detail::best_cuts_all_pairs<double>(values, weights, lower, found.best);
  return found;
}

cuts monotone(const std::vector<double>& values, const std::vector<double>& weights) {
  cuts found{0, std::vector<double>(values.size())};
  std::vector<detail::prefix_sums<double>> prefix(values.size() + 1);
  found.optimum = detail::monotone_cuts<double>{values, weights, prefix, found.best}.solve();
  return found;
}

}  // namespace

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
        const cuts slow = all_pairs(values, weights), fast = monotone(values, weights);
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
    const cuts found = monotone(values, weights);
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
  REQUIRE(monotone(values, std::vector<double>(values.size(), 1.0)).larger_top() == 80000);
}

TEST_CASE("two tight clumps far apart and of like spread: which one splits, and where") {
  dynamicpo::sample::philox_engine random{3};
  for (const double distance : {1e3, 1e6, 1e8}) {
    CAPTURE(distance);
    std::vector<double> values;
    for (int i = 0; i < 600; ++i) { values.push_back(random.uniform() + (i < 250 ? 0 : distance)); }
    std::sort(values.begin(), values.end());
    const std::vector<double> weights(values.size(), 1.0);
    const cuts slow = all_pairs(values, weights), fast = monotone(values, weights);
    REQUIRE(std::abs(fast.optimum - slow.optimum) <= 1e-12 * slow.optimum);
    REQUIRE(fast.larger_top() == slow.larger_top());
  }
}

TEST_CASE("a growing cluster's cost is its sum of squared distances to its mean, wherever it lies") {
  for (const double offset : {0.0, -1200.0, 1e12}) {
    detail::growing_cluster<double> cluster;
    for (const double x : {0.0, 1.0, 3.0}) { cluster.add(offset + x, x == 1.0 ? 2.0 : 1.0); }
    REQUIRE(std::abs(cluster.cost - 4.75) <= 1e-15 * 4.75);  // 0, 1, 1, 3 about 1.25
    REQUIRE(cluster.weight == 4);
  }
}
