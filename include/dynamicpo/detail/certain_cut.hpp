// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "dynamicpo/detail/cut_search.hpp"
#include "dynamicpo/detail/lanes.hpp"

namespace dynamicpo::inline v1::detail {

/// The group where the top cluster of the exact 3-means begins, when it is beyond doubt: every partition with another
/// top cluster costs more by more than a share of `tie` of the least cost, with every value up to `value_error` from
/// where its group puts it. The box holds both cuts of every optimum; cuts lie between groups, values on either side.
template <value_groups Groups>
DYNAMICPO_INLINE std::optional<std::size_t> certain_cut(const Groups& groups, const cut_box& box, double value_error,
                                                        double tie) {
  using pack = lanes<double, 8, 32>;
  constexpr std::size_t most_cuts = 256;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto [a, b, c, d] = box;
  const std::size_t cuts = b - a + 1;
  if (cuts > most_cuts || d - c >= most_cuts) { return std::nullopt; }

  // What some values joining a cluster of others add to the cost, less that of staying on their own, and how far off
  // that may be; 0 for no values.
  struct change {
    pack cost, error;
  };
  const auto joining = [&](const pack& count, const pack& sum, const pack& others, const pack& others_sum) {
    const pack distance = sum / count - others_sum / others, zero(0);
    const pack away = where(distance < zero, -distance, distance);
    const auto any_joins = zero < count;
    return change{where(any_joins, distance * distance * (count * others / (count + others)), zero),
                  where(any_joins, pack(4.2 * value_error) * count * (away + pack(value_error)), zero)};
  };

  // Costs less that of the cuts (a, d): first the lower cut moves up, then the upper one down.
  const tally bottom = groups.over(0, a), middle = groups.over(a, d), top = groups.over(d, groups.size());
  std::array<double, most_cuts> low_count, low_sum, low_cost, low_error;
  const std::size_t padded = (cuts + pack::count - 1) / pack::count * pack::count;
  for (std::size_t k = 0; k < padded; ++k) {
    const tally below = groups.over(a, std::min(a + k, b));
    low_count[k] = below.count;
    low_sum[k] = below.sum;
  }
  for (std::size_t k = 0; k < padded; k += pack::count) {
    const pack count = pack::load(&low_count[k]), sum = pack::load(&low_sum[k]);
    const change joins = joining(count, sum, pack(bottom.count), pack(bottom.sum));
    const change leaves = joining(count, sum, pack(middle.count) - count, pack(middle.sum) - sum);
    (joins.cost - leaves.cost).store(&low_cost[k]);
    (joins.error + leaves.error).store(&low_error[k]);
  }
  std::array<double, most_cuts> bound;  // for each upper cut, what its costs exceed
  double certain = infinity;            // the least cost does not
  for (std::size_t high = c; high <= d; ++high) {
    const tally moved = groups.over(high, d), rest = groups.over(a, high);
    const change joins = joining(pack(moved.count), pack(moved.sum), pack(top.count), pack(top.sum));
    pack least(infinity), most(infinity);
    for (std::size_t k = 0; k < padded; k += pack::count) {
      const pack others = pack(rest.count) - pack::load(&low_count[k]), sum = pack(rest.sum) - pack::load(&low_sum[k]);
      const change leaves = joining(pack(moved.count), pack(moved.sum), others, sum);
      const pack cost = pack::load(&low_cost[k]) + (joins.cost - leaves.cost);
      const pack error = pack::load(&low_error[k]) + (joins.error + leaves.error);
      const auto possible = pack(0) < others;
      least = where(possible & (cost - error < least), cost - error, least);
      most = where(possible & (cost + error < most), cost + error, most);
    }
    bound[high - c] = infinity;
    for (std::size_t lane = 0; lane < pack::count; ++lane) {
      bound[high - c] = std::min(bound[high - c], least[lane]);
      certain = std::min(certain, most[lane]);
    }
  }
  // The least cost is at most that of the cuts (a, d), and that at most this.
  const auto most_cost = [&](std::size_t begin, std::size_t end) {
    const double half = (groups.most(end - 1) - groups.least(begin)) / 2 + value_error;
    return groups.over(begin, end).count * half * half;
  };
  certain += tie * (most_cost(0, a) + most_cost(a, d) + most_cost(d, groups.size()));
  std::optional<std::size_t> found;
  for (std::size_t high = c; high <= d; ++high) {
    if (bound[high - c] > certain) { continue; }
    if (found) { return std::nullopt; }
    found = high;
  }
  return found;
}

}  // namespace dynamicpo::inline v1::detail
