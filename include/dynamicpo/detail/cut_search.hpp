// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "dynamicpo/detail/lanes.hpp"

/// Where the two cuts of an exact one-dimensional 3-means can lie, from sums over groups of neighbouring values.
///
/// At an optimum each cut lies half way between the means of its two clusters (Lloyd's condition). The means of
/// {0..i-1}, {i..j-1}, {j..m-1} all rise with i and with j, so bounds on the cuts bound the means, and these the cuts
/// again. What is left is halved until it is small; halves that cannot reach a gain already seen are dropped.
namespace dynamicpo::inline v1::detail {

/// Values in ascending order, in groups: bounds of each group's values; number and sum of the values before each group
/// and, last, of all.
struct value_groups {
  const double *least, *most, *count, *sum;
  std::size_t size;
  double slack;       ///< how far half the sum of two means may be off, or a cut from there at what counts as an optimum
  double gain_slack;  ///< the same for the difference of two gains
  double per_width;   ///< groups per unit of value where all are of one width; 0 where they are not

  double values(std::size_t begin, std::size_t end) const { return count[end] - count[begin]; }
  double total(std::size_t begin, std::size_t end) const { return sum[end] - sum[begin]; }
  double mean(std::size_t begin, std::size_t end) const { return total(begin, end) / values(begin, end); }
  /// The first group not below `value`, from `begin` on, of those before `end`; else `end`.
  DYNAMICPO_INLINE std::size_t first_reaching(double value, std::size_t begin, std::size_t end) const {
    if (per_width > 0) { return std::clamp(place(value), begin, end); }
    while (begin < end && most[begin] < value) { ++begin; }
    return begin;
  }
  /// One past the last group not above `value`, from `begin` on, of those before `end`; else `begin`.
  DYNAMICPO_INLINE std::size_t last_reaching(double value, std::size_t begin, std::size_t end) const {
    if (per_width > 0) { return std::clamp(place(value) + 1, begin, end); }
    while (begin < end && value < least[end - 1]) { --end; }
    return end;
  }
  /// Whether no cut at `end` or lower reaches `value`; at `begin` or higher likewise.
  bool ends_below(double value, std::size_t end) const { return end < size && most[end] < value; }
  bool begins_above(double value, std::size_t begin) const { return begin > 0 && value < least[begin - 1]; }
  std::size_t place(double value) const { return static_cast<std::size_t>(std::max(0.0, (value - least[0]) * per_width)); }
  /// What a cluster takes off the sum of squares.
  double gain(std::size_t begin, std::size_t end) const {
    const double first = total(begin, end);
    return first == 0 ? 0 : first * first / values(begin, end);
  }
};

/// The lower cut falls between the groups before low_first and those from low_last on: inside the groups between. So
/// does the upper cut.
struct cut_box {
  std::size_t low_first, low_last, high_first, high_last;

  double values(const value_groups& groups) const {
    const double both = groups.values(low_first, low_last) + groups.values(high_first, high_last);
    return high_first < low_last ? both - groups.values(high_first, std::min(low_last, high_last)) : both;
  }
};

/// Bounds of the three means for cuts in a box, and of the cuts that these means ask for.
class mean_bounds {
 public:
  DYNAMICPO_INLINE mean_bounds(const value_groups& groups, const cut_box& box) {
    const std::size_t size = groups.size;
    const auto [a, b, c, d] = box;
    least_ = {a == 0 ? groups.least[0] : groups.mean(0, a),
              groups.values(a, c) == 0 ? groups.least[c] : groups.mean(a, c), groups.mean(c, size)};
    most_ = {groups.mean(0, b), groups.values(b, d) == 0 ? groups.most[b - 1] : groups.mean(b, d),
             groups.values(d, size) == 0 ? groups.most[size - 1] : groups.mean(d, size)};
  }
  double least(std::size_t cluster) const { return least_[cluster]; }
  double most(std::size_t cluster) const { return most_[cluster]; }
  double least_cut(std::size_t cut) const { return (least_[cut] + least_[cut + 1]) / 2; }
  double most_cut(std::size_t cut) const { return (most_[cut] + most_[cut + 1]) / 2; }

 private:
  std::array<double, 3> least_, most_;
};

/// Shrinks the box about the cuts that meet Lloyd's condition, while that helps; false when there are none.
DYNAMICPO_INLINE bool contract(const value_groups& groups, cut_box& box) {
  std::size_t width = box.low_last - box.low_first + box.high_last - box.high_first, before;
  do {
    before = width;
    if (box.low_last == 0 || box.high_first == groups.size) { return false; }
    const mean_bounds means{groups, box};
    const double low = means.least_cut(0) - groups.slack, high = means.least_cut(1) - groups.slack;
    const double low_most = means.most_cut(0) + groups.slack, high_most = means.most_cut(1) + groups.slack;
    if (low_most < low || high_most < high || groups.ends_below(low, box.low_last) ||
        groups.ends_below(high, box.high_last) || groups.begins_above(low_most, box.low_first) ||
        groups.begins_above(high_most, box.high_first)) {
      return false;
    }
    box.low_first = groups.first_reaching(low, box.low_first, box.low_last);
    box.high_first = groups.first_reaching(high, std::max(box.high_first, box.low_first), box.high_last);
    box.high_last = groups.last_reaching(high_most, box.high_first, box.high_last);
    box.low_last = groups.last_reaching(low_most, box.low_first, std::min(box.low_last, box.high_last));
    width = box.low_last - box.low_first + box.high_last - box.high_first;
  } while (width < before - before / 8);
  return true;
}

/// The gain of no partition with cuts in the box exceeds this.
DYNAMICPO_INLINE double most_gain(const value_groups& groups, const cut_box& box) {
  const mean_bounds means{groups, box};
  const auto [a, b, c, d] = box;
  // Squares of the values lie under the chord; each value stays at least `away` from the mean of its cluster.
  const auto between = [&](std::size_t begin, std::size_t end, double away) {
    if (begin == end) { return 0.0; }
    const double least = groups.least[begin], most = groups.most[end - 1];
    return (least + most) * groups.total(begin, end) - (least * most + away * away) * groups.values(begin, end);
  };
  const auto outside = [&](std::size_t begin, std::size_t end, std::size_t cluster) {
    if (begin == end) { return 0.0; }
    return std::max(0.0, std::min(groups.least[begin] - means.most(cluster),
                                  means.least(cluster + 1) - groups.most[end - 1]));
  };
  const double ends = groups.gain(0, a) + groups.gain(d, groups.size);
  if (c < b) { return ends + between(a, d, 0); }
  return ends + between(a, b, outside(a, b, 0)) + groups.gain(b, c) + between(c, d, outside(c, d, 1));
}

/// Shrinks the box about every optimum in it; false when it grows too intricate, and the box is left as it was.
/// Halving goes on until a box holds at most `few` values or no more than one group for each cut.
DYNAMICPO_INLINE bool find_optima(const value_groups& groups, cut_box& box, double few) {
  std::array<cut_box, 32> waiting, found;
  std::array<double, 32> found_gain;
  std::size_t waiting_count = 1, found_count = 0;
  waiting[0] = box;
  double seen = 0;
  while (waiting_count > 0) {
    cut_box now = waiting[--waiting_count];
    if (!contract(groups, now)) { continue; }
    const double gain = most_gain(groups, now);
    if (gain < seen - groups.gain_slack) { continue; }
    const auto [a, b, c, d] = now;
    if (groups.values(0, a) > 0 && groups.values(a, c) > 0) {
      seen = std::max(seen, groups.gain(0, a) + groups.gain(a, c) + groups.gain(c, groups.size));
    }
    if (now.values(groups) <= few || (b - a <= 1 && d - c <= 1)) {
      if (found_count == found.size()) { return false; }
      found_gain[found_count] = gain;
      found[found_count++] = now;
      continue;
    }
    if (waiting_count + 2 > waiting.size()) { return false; }
    const bool split_low = d - c <= 1 || (b - a > 1 && groups.values(a, b) > groups.values(c, d));
    const std::size_t first = split_low ? a : c, last = split_low ? b : d, middle = first + (last - first) / 2;
    waiting[waiting_count++] = split_low ? cut_box{a, middle, c, d} : cut_box{a, std::min(b, middle), c, middle};
    waiting[waiting_count++] = split_low ? cut_box{middle, b, std::max(c, middle), d} : cut_box{a, b, middle, d};
  }
  cut_box all{groups.size, 0, groups.size, 0};
  for (std::size_t i = 0; i < found_count; ++i) {
    if (found_gain[i] < seen - groups.gain_slack) { continue; }
    all.low_first = std::min(all.low_first, found[i].low_first);
    all.low_last = std::max(all.low_last, found[i].low_last);
    all.high_first = std::min(all.high_first, found[i].high_first);
    all.high_last = std::max(all.high_last, found[i].high_last);
  }
  if (all.low_first > all.low_last) { return false; }
  box = all;
  return true;
}

}  // namespace dynamicpo::inline v1::detail
