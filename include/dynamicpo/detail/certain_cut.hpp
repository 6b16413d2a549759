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

/// Costs of the partitions with cuts in a box, told from that of the cuts (low_first, high_last) by the values that
/// change their cluster, with every value up to `value_error` from where its group puts it. Cuts lie between groups,
/// with values on either side.
class moved_costs {
 public:
  static constexpr std::size_t most_cuts = 256;

  /// False when the box is too large.
  template <value_groups Groups>
  DYNAMICPO_INLINE bool fill(const Groups& groups, const cut_box& box, double value_error) {
    const auto [a, b, c, d] = box;
    const std::size_t lows = b - a + 1, highs = d - c + 1;
    const std::size_t padded = (lows + pack::count - 1) / pack::count * pack::count;
    if (lows > most_cuts || highs > most_cuts) { return false; }
    const tally bottom = groups.over(0, a), middle = groups.over(a, d), top = groups.over(d, groups.size());
    std::array<double, most_cuts> moved_count, moved_sum, low_cost, low_error;
    for (std::size_t k = 0; k < padded; ++k) {
      const tally moved = groups.over(a, std::min(a + k, b));
      moved_count[k] = moved.count;
      moved_sum[k] = moved.sum;
      low_bound_[k] = infinity;
    }
    for (std::size_t k = 0; k < padded; k += pack::count) {
      const pack count = pack::load(&moved_count[k]), sum = pack::load(&moved_sum[k]);
      const change joins{count, sum, pack(bottom.count), pack(bottom.sum), value_error};
      const change leaves{count, sum, pack(middle.count) - count, pack(middle.sum) - sum, value_error};
      (joins.cost - leaves.cost).store(&low_cost[k]);
      (joins.error + leaves.error).store(&low_error[k]);
    }
    pack least(infinity);
    for (std::size_t k = 0; k < highs; ++k) {
      const tally moved = groups.over(c + k, d), rest = groups.over(a, c + k);
      const pack count(moved.count), sum(moved.sum);
      const change joins{count, sum, pack(top.count), pack(top.sum), value_error};
      pack bound(infinity);
      for (std::size_t low = 0; low < padded; low += pack::count) {
        const pack others = pack(rest.count) - pack::load(&moved_count[low]);
        const change leaves{count, sum, others, pack(rest.sum) - pack::load(&moved_sum[low]), value_error};
        const pack cost = pack::load(&low_cost[low]) + (joins.cost - leaves.cost);
        const pack error = pack::load(&low_error[low]) + (joins.error + leaves.error);
        const pack above = where(pack(0) < others, cost - error, pack(infinity));
        const pack below = where(pack(0) < others, cost + error, pack(infinity)), before = pack::load(&low_bound_[low]);
        where(above < before, above, before).store(&low_bound_[low]);
        bound = where(above < bound, above, bound);
        least = where(below < least, below, least);
      }
      high_bound_[k] = least_of_lanes(bound);
    }
    least_ = least_of_lanes(least);
    return true;
  }

  /// The least cost is no more than this; those with the k-th lower, or upper, cut of the box are no less than these.
  double least() const { return least_; }
  double with_low(std::size_t k) const { return low_bound_[k]; }
  double with_high(std::size_t k) const { return high_bound_[k]; }

 private:
  using pack = lanes<double, 8, 32>;
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  // What some values joining a cluster of others add to the cost, less that of staying on their own, and how far off
  // that may be; 0 for no values.
  struct change {
    pack cost, error;

    DYNAMICPO_INLINE change(const pack& count, const pack& sum, const pack& others, const pack& others_sum,
                            double value_error) {
      const pack distance = sum / count - others_sum / others, zero(0);
      const pack away = where(distance < zero, -distance, distance);
      const auto any_joins = zero < count;
      cost = where(any_joins, distance * distance * (count * others / (count + others)), zero);
      error = where(any_joins, pack(4.2 * value_error) * count * (away + pack(value_error)), zero);
    }
  };

  std::array<double, most_cuts> low_bound_, high_bound_;
  double least_ = infinity;
};

/// The group where the top cluster of the exact 3-means begins, when it is beyond doubt: every partition with another
/// top cluster costs more by more than a share of `tie` of the least cost. The box holds both cuts of every optimum.
template <value_groups Groups>
DYNAMICPO_INLINE std::optional<std::size_t> certain_cut(const Groups& groups, cut_box box, double value_error,
                                                        double tie) {
  // The least cost is at most that of any partition, and that at most this.
  const auto most_cost = [&](std::size_t begin, std::size_t end) {
    const double radius = (groups.most(end - 1) - groups.least(begin)) / 2 + value_error;
    return groups.over(begin, end).count * radius * radius;
  };
  const double ties = tie * (most_cost(0, box.low_first) + most_cost(box.low_first, box.high_last) +
                             most_cost(box.high_last, groups.size()));
  moved_costs costs;
  // Fewer values move in a smaller box, and so the errors are smaller.
  while (costs.fill(groups, box, value_error)) {
    const double most = costs.least() + ties;
    const auto [a, b, c, d] = box;
    while (box.low_first < b && costs.with_low(box.low_first - a) > most) { ++box.low_first; }
    while (box.low_last > box.low_first && costs.with_low(box.low_last - a) > most) { --box.low_last; }
    while (box.high_first < d && costs.with_high(box.high_first - c) > most) { ++box.high_first; }
    while (box.high_last > box.high_first && costs.with_high(box.high_last - c) > most) { --box.high_last; }
    if (box.high_first == box.high_last) { return box.high_first; }
    if (box.low_last - box.low_first + box.high_last - box.high_first == b - a + d - c) { break; }
  }
  return std::nullopt;
}

}  // namespace dynamicpo::inline v1::detail
