// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "dynamicpo/detail/cut_search.hpp"

namespace dynamicpo::inline v1::detail {

/// What moving values to another cluster adds to the cost, give or take `error`.
struct cost_change {
  double cost = 0, error = 0;

  DYNAMICPO_INLINE friend cost_change operator+(const cost_change& a, const cost_change& b) {
    return {a.cost + b.cost, a.error + b.error};
  }
  DYNAMICPO_INLINE friend cost_change operator-(const cost_change& a, const cost_change& b) {
    return {a.cost - b.cost, a.error + b.error};
  }
};

struct group_range {
  std::size_t begin, end;
};

/// The group where the top cluster of the exact 3-means begins, when it is beyond doubt: every partition with another
/// top cluster costs more by more than a share of `tie` of the least cost, with every value up to `value_error` from
/// where its group puts it. The box holds both cuts of every optimum; cuts lie between groups, values on either side.
DYNAMICPO_INLINE std::optional<std::size_t> certain_cut(const value_groups& groups, const cut_box& box,
                                                        double value_error, double tie) {
  constexpr std::size_t most_cuts = 256;
  const auto [a, b, c, d] = box;
  if (b - a >= most_cuts || d - c >= most_cuts) { return std::nullopt; }
  // The cost of `part` joining `cluster`, less that of staying on its own.
  const auto joining = [&](const group_range& part, const group_range& cluster) {
    if (part.begin == part.end) { return cost_change{}; }
    const double joined = groups.values(part.begin, part.end), others = groups.values(cluster.begin, cluster.end);
    const double distance = groups.mean(part.begin, part.end) - groups.mean(cluster.begin, cluster.end);
    return cost_change{distance * distance * (joined * others / (joined + others)),
                       joined * value_error * (4.2 * std::abs(distance) + 4.2 * value_error)};
  };
  // Costs less that of the cuts (a, d): first the lower cut moves up, then the upper one down.
  std::array<cost_change, most_cuts> lower;
  for (std::size_t low = a; low <= b && low < d; ++low) {
    lower[low - a] = joining({a, low}, {0, a}) - joining({a, low}, {low, d});
  }
  std::array<double, most_cuts> bound;  // for each upper cut, what its cost exceeds
  cost_change best{std::numeric_limits<double>::infinity(), 0};
  std::size_t best_low = 0, best_high = 0;
  for (std::size_t high = c; high <= d; ++high) {
    const cost_change joins = joining({high, d}, {d, groups.size});
    bound[high - c] = std::numeric_limits<double>::infinity();
    for (std::size_t low = a; low <= b && low < high; ++low) {
      const cost_change all = lower[low - a] + (joins - joining({high, d}, {low, high}));
      bound[high - c] = std::min(bound[high - c], all.cost - all.error);
      if (all.cost < best.cost) {
        best = all;
        best_low = low;
        best_high = high;
      }
    }
  }
  if (best_high == 0) { return std::nullopt; }
  const auto most_cost = [&](std::size_t begin, std::size_t end) {
    const double half = (groups.most[end - 1] - groups.least[begin]) / 2 + value_error;
    return groups.values(begin, end) * half * half;
  };
  const double certain = best.cost + best.error + tie * (most_cost(0, best_low) + most_cost(best_low, best_high) +
                                                         most_cost(best_high, groups.size));
  for (std::size_t high = c; high <= d; ++high) {
    if (high != best_high && !(bound[high - c] > certain)) { return std::nullopt; }
  }
  return best_high;
}

}  // namespace dynamicpo::inline v1::detail
