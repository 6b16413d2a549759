// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>

#include "dynamicpo/detail/lanes.hpp"

/// Where the two cuts of an exact one-dimensional 3-means can lie, from sums over groups of neighbouring values.
///
/// At an optimum each cut lies half way between the means of its two clusters (Lloyd's condition). The means of
/// {0..i-1}, {i..j-1}, {j..m-1} all rise with i and with j, so bounds on the cuts bound the means, and these the cuts
/// again. What is left is halved until it is small; halves that cannot reach a gain already seen are dropped.
namespace dynamicpo::inline v1::detail {

/// Number and sum of some values.
struct tally {
  double count, sum;

  double mean() const { return sum / count; }
  /// What they take off the sum of squares as a cluster.
  double gain() const { return count == 0 ? 0 : sum * sum / count; }
};

/// Values in ascending order, in groups, each between bounds. Ranges [begin, end) are of groups.
template <class Groups>
concept value_groups = requires(const Groups& groups, std::size_t group, double value) {
  { groups.size() } -> std::same_as<std::size_t>;
  { groups.least(group) } -> std::same_as<double>;
  { groups.most(group) } -> std::same_as<double>;
  { groups.over(group, group) } -> std::same_as<tally>;
  // How far half the sum of two means may be off, or a cut from there at what counts as an optimum.
  { groups.cut_slack() } -> std::same_as<double>;
  // How far the difference of two gains may be off.
  { groups.gain_slack() } -> std::same_as<double>;
  // The first group of [begin, end) with `most` >= value, else end; one past the last with `least` <= value,
  // else begin.
  { groups.first_reaching(value, group, group) } -> std::same_as<std::size_t>;
  { groups.last_reaching(value, group, group) } -> std::same_as<std::size_t>;
};

/// The lower cut falls between the groups before low_first and those from low_last on: inside the groups between. So
/// does the upper cut.
struct cut_box {
  std::size_t low_first, low_last, high_first, high_last;

  /// The least box that holds both.
  cut_box joined(const cut_box& other) const {
    return {std::min(low_first, other.low_first), std::max(low_last, other.low_last),
            std::min(high_first, other.high_first), std::max(high_last, other.high_last)};
  }
  /// Values between the first and the last place of either cut.
  template <value_groups Groups>
  DYNAMICPO_INLINE double values(const Groups& groups) const {
    if (high_first < low_last) { return groups.over(low_first, high_last).count; }
    return groups.over(low_first, low_last).count + groups.over(high_first, high_last).count;
  }
};

/// Bounds of the three means for cuts in a box, and of the cuts that these means ask for.
class mean_bounds {
 public:
  template <value_groups Groups>
  DYNAMICPO_INLINE mean_bounds(const Groups& groups, const cut_box& box) {
    const auto [a, b, c, d] = box;
    const std::size_t size = groups.size();
    const auto mean_or = [](const tally& values, double bound) { return values.count > 0 ? values.mean() : bound; };
    least_ = {mean_or(groups.over(0, a), groups.least(0)), mean_or(groups.over(a, c), groups.least(c)),
              groups.over(c, size).mean()};
    most_ = {groups.over(0, b).mean(), mean_or(groups.over(b, d), groups.most(b - 1)),
             mean_or(groups.over(d, size), groups.most(size - 1))};
  }
  double least(std::size_t cluster) const { return least_[cluster]; }
  double most(std::size_t cluster) const { return most_[cluster]; }
  double least_cut(std::size_t cut) const { return (least_[cut] + least_[cut + 1]) / 2; }
  double most_cut(std::size_t cut) const { return (most_[cut] + most_[cut + 1]) / 2; }

 private:
  std::array<double, 3> least_, most_;
};

/// Shrinks the box about the cuts that meet Lloyd's condition; false when there are none.
template <value_groups Groups>
DYNAMICPO_INLINE bool contract(const Groups& groups, cut_box& box) {
  const auto ends_below = [&](double cut, std::size_t end) { return end < groups.size() && groups.most(end) < cut; };
  const auto begins_above = [&](double cut, std::size_t begin) { return begin > 0 && cut < groups.least(begin - 1); };
  std::size_t width = box.low_last - box.low_first + box.high_last - box.high_first, before;
  do {
    before = width;
    if (box.low_last == 0 || box.high_first == groups.size()) { return false; }
    const mean_bounds means{groups, box};
    const double slack = groups.cut_slack();
    const double low_least = means.least_cut(0) - slack, low_most = means.most_cut(0) + slack;
    const double high_least = means.least_cut(1) - slack, high_most = means.most_cut(1) + slack;
    if (low_most < low_least || ends_below(low_least, box.low_last) || begins_above(low_most, box.low_first) ||
        high_most < high_least || ends_below(high_least, box.high_last) || begins_above(high_most, box.high_first)) {
      return false;
    }
    box.low_first = groups.first_reaching(low_least, box.low_first, box.low_last);
    box.high_first = groups.first_reaching(high_least, std::max(box.high_first, box.low_first), box.high_last);
    box.high_last = groups.last_reaching(high_most, box.high_first, box.high_last);
    box.low_last = groups.last_reaching(low_most, box.low_first, std::min(box.low_last, box.high_last));
    width = box.low_last - box.low_first + box.high_last - box.high_first;
  } while (width < before);
  return true;
}

/// The gain of no partition with cuts in the box exceeds this.
template <value_groups Groups>
DYNAMICPO_INLINE double most_gain(const Groups& groups, const cut_box& box) {
  const mean_bounds means{groups, box};
  const auto [a, b, c, d] = box;
  // Squares of the values lie under the chord; each value stays at least `away` from the mean of its cluster.
  const auto between = [&](std::size_t begin, std::size_t end, double away) {
    if (begin == end) { return 0.0; }
    const double least = groups.least(begin), most = groups.most(end - 1);
    const tally values = groups.over(begin, end);
    return (least + most) * values.sum - (least * most + away * away) * values.count;
  };
  const auto outside = [&](std::size_t begin, std::size_t end, std::size_t cluster) {
    if (begin == end) { return 0.0; }
    return std::max(0.0, std::min(groups.least(begin) - means.most(cluster),
                                  means.least(cluster + 1) - groups.most(end - 1)));
  };
  const double ends = groups.over(0, a).gain() + groups.over(d, groups.size()).gain();
  if (c < b) { return ends + between(a, d, 0); }
  return ends + between(a, b, outside(a, b, 0)) + groups.over(b, c).gain() + between(c, d, outside(c, d, 1));
}

/// Shrinks the box about every optimum in it; false when there is none. Halving goes on until a box holds at most `few`
/// values or no more than one group for each cut, or until there are too many boxes.
template <value_groups Groups>
DYNAMICPO_INLINE bool find_optima(const Groups& groups, cut_box& box, double few) {
  std::array<cut_box, 32> waiting, found;
  std::array<double, 32> found_gain;
  std::size_t waiting_count = 1, found_count = 0;
  waiting[0] = box;
  double seen = 0;
  while (waiting_count > 0) {
    cut_box now = waiting[--waiting_count];
    if (!contract(groups, now)) { continue; }
    const double gain = most_gain(groups, now);
    if (gain < seen - groups.gain_slack()) { continue; }
    const auto [a, b, c, d] = now;
    const tally bottom = groups.over(0, a), middle = groups.over(a, c), top = groups.over(c, groups.size());
    if (bottom.count > 0 && middle.count > 0) { seen = std::max(seen, bottom.gain() + middle.gain() + top.gain()); }
    if (now.values(groups) <= few || (b - a <= 1 && d - c <= 1) || waiting_count + 2 > waiting.size()) {
      if (found_count < found.size()) {
        found_gain[found_count] = gain;
        found[found_count++] = now;
      } else {
        found_gain.back() = std::max(found_gain.back(), gain);
        found.back() = found.back().joined(now);
      }
      continue;
    }
    const bool split_low = d - c <= 1 || (b - a > 1 && groups.over(a, b).count > groups.over(c, d).count);
    const std::size_t first = split_low ? a : c, last = split_low ? b : d, centre = first + (last - first) / 2;
    waiting[waiting_count++] = split_low ? cut_box{a, centre, c, d} : cut_box{a, std::min(b, centre), c, centre};
    waiting[waiting_count++] = split_low ? cut_box{centre, b, std::max(c, centre), d} : cut_box{a, b, centre, d};
  }
  cut_box all{groups.size(), 0, groups.size(), 0};
  for (std::size_t i = 0; i < found_count; ++i) {
    if (found_gain[i] < seen - groups.gain_slack()) { continue; }
    all = all.joined(found[i]);
  }
  if (all.low_first > all.low_last) { return false; }
  box = all;
  return true;
}

}  // namespace dynamicpo::inline v1::detail
