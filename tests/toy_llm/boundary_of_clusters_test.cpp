// SPDX-License-Identifier: MIT
#include "toy_llm/boundary_of_clusters.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "support/catch.hpp"
#include "unit/select/select_from.hpp"

using select_test::indices;
using select_test::select_from;
using toy_llm::boundary_of_clusters;

namespace {

template <class T>
indices boundary(std::size_t clusters, T chosen, const std::vector<T>& rejected) {
  return select_from(boundary_of_clusters{clusters}, chosen, rejected).selected;
}

long double cost_of(const std::vector<double>& sorted, std::size_t begin, std::size_t end) {
  long double mean = 0, cost = 0;
  for (std::size_t i = begin; i < end; ++i) mean += static_cast<long double>(sorted[i]);
  mean /= static_cast<long double>(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    const long double away = static_cast<long double>(sorted[i]) - mean;
    cost += away * away;
  }
  return cost;
}

// Every way to cut [begin, n) into `parts`: visit(cost, where the top cluster begins).
template <class Visit>
void each_partition(const std::vector<double>& sorted, std::size_t begin, std::size_t parts, long double cost,
                    Visit visit) {
  if (parts == 1) return visit(cost + cost_of(sorted, begin, sorted.size()), begin);
  for (std::size_t end = begin + 1; end + parts - 1 <= sorted.size(); ++end) {
    each_partition(sorted, end, parts - 1, cost + cost_of(sorted, begin, end), visit);
  }
}

// Least score of the top cluster of the best of all partitions of the sorted scores, equal ones in one cluster.
double brute_force(std::size_t clusters, std::vector<double> scores) {
  std::ranges::sort(scores);
  const auto distinct = static_cast<std::size_t>(
      1 + std::ranges::count_if(scores, [&](const double& x) { return &x != scores.data() && *(&x - 1) < x; }));
  long double least = std::numeric_limits<long double>::infinity();
  const std::size_t parts = std::min(clusters, distinct);
  each_partition(scores, 0, parts, 0, [&](long double cost, std::size_t) { least = std::min(least, cost); });
  std::size_t top = scores.size();
  each_partition(scores, 0, parts, 0, [&](long double cost, std::size_t begin) {
    if (cost <= least * (1 + 1e-13L) + 1e-30L) top = std::min(top, begin);
  });
  // A cut through equal scores costs as much only where the cost is 0; they stay together.
  return scores[top];
}

}  // namespace

TEST_CASE("boundary of clusters: the best of all partitions into 1 to 6 clusters, by exhaustive search") {
  dynamicpo::sample::philox_engine random{77};
  for (const std::size_t clusters : {1u, 2u, 3u, 4u, 5u, 6u}) {
    for (const int size : {1, 2, 3, 5, 8, 11}) {
      for (int repeat = 0; repeat < 60; ++repeat) {
        std::vector<double> scores;
        // A third of the rows on a coarse grid, for duplicates and ties.
        for (int i = 0; i < size; ++i) {
          scores.push_back(repeat % 3 == 0 ? -1.0 - random.below(6) : -1 - 30 * random.uniform());
        }
        const double least = brute_force(clusters, scores);
        indices expected;
        for (int i = 0; i < size; ++i) {
          if (scores[static_cast<std::size_t>(i)] >= least) expected.push_back(i);
        }
        CAPTURE(clusters, scores);
        REQUIRE(boundary<double>(clusters, 0, scores) == expected);
      }
    }
  }
}

TEMPLATE_TEST_CASE("boundary of three clusters is select::boundary", "", float, double) {
  dynamicpo::sample::philox_engine random{78};
  for (const int size : {1, 2, 3, 4, 7, 15, 19, 64, 200}) {
    for (int repeat = 0; repeat < 200; ++repeat) {
      std::vector<TestType> scores;
      for (int i = 0; i < size; ++i) {
        scores.push_back(static_cast<TestType>(repeat % 2 == 0 ? -1.0 - random.below(9) : -40 * random.uniform()));
      }
      // In every other pair of rows there is likely a violator.
      const auto chosen = static_cast<TestType>(repeat % 4 < 2 ? 1 : -6);
      const auto expected = select_from(dynamicpo::select::boundary{}, chosen, scores);
      const auto found = select_from(boundary_of_clusters{3}, chosen, scores);
      CAPTURE(size, repeat);
      REQUIRE(found.selected == expected.selected);
      REQUIRE(found.rule == expected.rule);
    }
  }
}

TEMPLATE_TEST_CASE("boundary of clusters: by hand", "", float, double) {
  const std::vector<TestType> row{-9, -3, -20, TestType(-3.5), -10, -21};
  REQUIRE(boundary<TestType>(1, 0, row) == indices{0, 1, 2, 3, 4, 5});
  REQUIRE(boundary<TestType>(2, 0, row) == indices{0, 1, 3, 4});
  REQUIRE(boundary<TestType>(3, 0, row) == indices{1, 3});
  REQUIRE(boundary<TestType>(6, 0, row) == indices{1});
  REQUIRE(boundary<TestType>(60, 0, row) == indices{1});
  // Violators, whatever the clusters.
  REQUIRE(boundary<TestType>(5, -9, row) == indices{0, 1, 3});
  // Fewer distinct values than clusters; equal costs go to the larger top cluster.
  REQUIRE(boundary<TestType>(4, 0, {-7, -7, -7}) == indices{0, 1, 2});
  REQUIRE(boundary<TestType>(4, 0, {-9, -7, -7}) == indices{1, 2});
  REQUIRE(boundary<TestType>(2, 9, {0, 1, 2}) == indices{1, 2});
  const auto empty = select_from<TestType>(boundary_of_clusters{2}, -5, {});
  REQUIRE(empty.rule == dynamicpo::selection_rule::none);
}

TEST_CASE("a selection made beforehand is that of its row") {
  const std::vector<std::uint8_t> marks{0, 1, 0, 1, 1, 0};
  const toy_llm::marked select{marks.data(), 3};
  REQUIRE(select_from<double>(select, 0, {-1, -2, -3}, 0).selected == indices{1});
  REQUIRE(select_from<double>(select, 0, {-1, -2, -3}, 1).selected == indices{0, 1});
  // A row that has lost a negative has lost its marks.
  const auto shorter = select_from<double>(select, 0, {-1, -2}, 1);
  REQUIRE(shorter.selected.empty());
  REQUIRE(shorter.rule == dynamicpo::selection_rule::none);
}
