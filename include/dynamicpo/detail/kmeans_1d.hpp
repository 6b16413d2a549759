// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/double_double.hpp"
#include "dynamicpo/error.hpp"

/// The top cluster of an exact one-dimensional 3-means. In one dimension clusters are intervals, and an optimal
/// partition never splits equal values, so it is two cuts between distinct sorted values.
///
/// Partitions whose costs agree to `tie_tolerance` count as equal, and the larger top cluster wins. Costs have a
/// relative error far below that tolerance, whatever the offset or outliers of the values; past all_pairs_limit as long
/// as tight clusters lie no further apart than 1e9 times their width.
namespace dynamicpo::inline v1::detail {

/// A cluster that grows one value at a time, outward (Welford's update), measured from its first value: the differences
/// of near values are exact and nothing cancels, so its cost keeps full accuracy wherever it lies.
template <class A>
struct growing_cluster {
  A origin{0}, weight{0}, mean{0}, cost{0};  // mean: from the origin

  DYNAMICPO_HD constexpr void add(const A& value, const A& multiplicity) {
    if (weight == A(0)) { origin = value; }
    const A total = weight + multiplicity;
    const A step = value - origin - mean;
    const A share = multiplicity / total;
    cost += step * step * weight * share;
    mean += step * share;
    weight = total;
  }
};

/// Relative difference of costs within which two partitions tie: a few roundings for each of n values.
template <class A>
constexpr A tie_tolerance(std::size_t values) {
  return A(8.0 * static_cast<double>(values)) * std::numeric_limits<A>::epsilon();
}
/// The same for costs from sums with twice the digits, whatever the number of values.
inline constexpr double tie_tolerance_of_wide = 16 * std::numeric_limits<double>::epsilon();

/// best[j], j in [2, m): the least cost over i of {0..i-1}, {i..j-1}, {j..m-1}, exact where it is near the optimum
/// (elsewhere an upper bound, since hopeless cuts are abandoned). O(m^2) at worst, few steps in practice.
template <class A>
constexpr A best_cuts_all_pairs(std::span<const A> values, std::span<const A> weights, std::span<A> lower,
                                std::span<A> best) {
  const std::size_t m = values.size();
  growing_cluster<A> bottom;
  for (std::size_t i = 0; i + 1 < m; ++i) {
    bottom.add(values[i], weights[i]);
    lower[i + 1] = bottom.cost;
  }
  const A slack = A(1) + tie_tolerance<A>(m);
  A optimum{};
  growing_cluster<A> top;
  for (std::size_t j = m - 1; j >= 2; --j) {
    top.add(values[j], weights[j]);
    growing_cluster<A> middle;
    for (std::size_t i = j - 1; i >= 1; --i) {
      middle.add(values[i], weights[i]);
      const A above = top.cost + middle.cost;
      const A cost = above + lower[i];
      if (i == j - 1 || cost < best[j]) { best[j] = cost; }
      if (optimum * slack < above && j < m - 1) { break; }  // `above` only grows from here
    }
    if (j == m - 1 || best[j] < optimum) { optimum = best[j]; }
  }
  return optimum;
}

/// Weight, sum and sum of squares of the values before a position.
template <class A>
struct prefix_sums {
  A weight{0};
  wide_of<A> first{A(0)}, second{A(0)};
};

/// The same by divide and conquer over monotone cuts, O(m log m): segment costs from prefix sums, in twice the digits,
/// of distances to the middle value; summed outward from it, so that a far outlier stays out of segments without it.
template <class A>
class monotone_cuts {
 public:
  using wide = wide_of<A>;
  using sums = prefix_sums<A>;

  /// `prefix` has m + 1 entries.
  constexpr monotone_cuts(std::span<const A> values, std::span<const A> weights, std::span<sums> prefix,
                          std::span<A> best)
      : prefix_{prefix}, best_{best} {
    const std::size_t m = values.size(), middle = m / 2;
    const auto away = [&](std::size_t i) { return wide(values[i]) - wide(values[middle]); };
    prefix_[middle] = {};
    for (std::size_t i = middle; i < m; ++i) { prefix_[i + 1] = shifted(prefix_[i], away(i), weights[i], false); }
    for (std::size_t i = middle; i-- > 0;) { prefix_[i] = shifted(prefix_[i + 1], away(i), weights[i], true); }
  }

  constexpr A solve() {
    const std::size_t m = prefix_.size() - 1;
    return solve_within(2, m - 1, 1, m - 2);
  }
  /// The same with the upper cut in [low, high] and the lower one in [first, last]: best[j] for these j alone.
  constexpr A solve_within(std::size_t low, std::size_t high, std::size_t first, std::size_t last) {
    solve(low, high, first, last);
    A optimum = best_[low];
    for (std::size_t j = low + 1; j <= high; ++j) { optimum = best_[j] < optimum ? best_[j] : optimum; }
    return optimum;
  }
  /// The cost of the clusters that these cuts make.
  constexpr A cost_of(std::size_t first, std::size_t second) const {
    return cost(0, first) + cost(first, second) + cost(second, prefix_.size() - 1);
  }

 private:
  static constexpr sums shifted(const sums& from, const wide& away, const A& weight, bool backwards) {
    const wide first = away * wide(weight);
    const wide second = away * first;
    return backwards ? sums{from.weight - weight, from.first - first, from.second - second}
                     : sums{from.weight + weight, from.first + first, from.second + second};
  }
  constexpr A cost(std::size_t begin, std::size_t end) const {
    if (end - begin == 1) { return A(0); }
    const sums &a = prefix_[begin], &b = prefix_[end];
    const wide first = b.first - a.first;
    const A result = static_cast<A>(b.second - a.second - first * first / wide(b.weight - a.weight));
    return result < A(0) ? A(0) : result;
  }
  // best_[j] for j in [low, high], knowing that its first cut lies in [first, last].
  constexpr void solve(std::size_t low, std::size_t high, std::size_t first, std::size_t last) {
    const std::size_t j = low + (high - low) / 2, m = prefix_.size() - 1;
    std::size_t cut = first;
    for (std::size_t i = first; i <= last && i < j; ++i) {
      const A candidate = cost(0, i) + cost(i, j);
      if (i == first || candidate < best_[j]) {
        best_[j] = candidate;
        cut = i;
      }
    }
    best_[j] += cost(j, m);
    if (low < j) { solve(low, j - 1, first, cut); }
    if (j < high) { solve(j + 1, high, cut, last); }
  }

  std::span<sums> prefix_;
  std::span<A> best_;
};

/// Up to so many values the cuts are tried one by one; sums with twice the digits make the rest faster and as accurate.
template <class A>
inline constexpr std::size_t all_pairs_limit = std::same_as<A, wide_of<A>> ? 256 : 64;

}  // namespace dynamicpo::inline v1::detail
