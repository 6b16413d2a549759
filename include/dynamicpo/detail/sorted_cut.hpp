// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "dynamicpo/detail/cut_search.hpp"
#include "dynamicpo/detail/kmeans_1d.hpp"

namespace dynamicpo::inline v1::detail {

/// Distinct sorted values, each a group, measured from the middle one as `monotone_cuts` does.
class sorted_groups {
 public:
  DYNAMICPO_INLINE sorted_groups(std::span<const double> values, std::span<const prefix_sums<double>> prefix,
                                 double cut_slack)
      : values_{values}, prefix_{prefix}, middle_{values[values.size() / 2]} {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    const double extent = values.back() - values.front(), second = (prefix.back().second - prefix.front().second).high;
    cut_slack_ = cut_slack + 16 * epsilon * extent;
    gain_slack_ = 1024 * epsilon * second + 8 * epsilon * over(0, size()).count * extent * extent;
  }

  std::size_t size() const { return values_.size(); }
  double least(std::size_t group) const { return values_[group] - middle_; }
  double most(std::size_t group) const { return least(group); }
  DYNAMICPO_INLINE tally over(std::size_t begin, std::size_t end) const {
    const prefix_sums<double>&from = prefix_[begin], &to = prefix_[end];
    return {to.weight - from.weight, static_cast<double>(to.first - from.first)};
  }
  double cut_slack() const { return cut_slack_; }
  double gain_slack() const { return gain_slack_; }
  DYNAMICPO_INLINE std::size_t first_reaching(double value, std::size_t begin, std::size_t end) const {
    return first_where(begin, end, [&](std::size_t group) { return !(least(group) < value); });
  }
  DYNAMICPO_INLINE std::size_t last_reaching(double value, std::size_t begin, std::size_t end) const {
    return first_where(begin, end, [&](std::size_t group) { return value < least(group); });
  }

 private:
  template <class Holds>
  DYNAMICPO_INLINE static std::size_t first_where(std::size_t begin, std::size_t end, const Holds& holds) {
    while (begin < end) {
      const std::size_t split = begin + (end - begin) / 2;
      if (holds(split)) {
        end = split;
      } else {
        begin = split + 1;
      }
    }
    return begin;
  }

  std::span<const double> values_;
  std::span<const prefix_sums<double>> prefix_;
  double middle_, cut_slack_ = 0, gain_slack_ = 0;
};

struct sorted_cuts {
  double optimum;
  std::size_t first, last;  ///< every optimum has its upper cut here, and best[j] is known here alone
};

/// What `monotone_cuts` finds, of the cuts alone that can be optimal to a share of `tie`; three distinct values or
/// more.
inline sorted_cuts best_cuts_sorted(std::span<const double> values, std::span<const double> weights,
                                    std::span<prefix_sums<double>> prefix, std::span<double> best, double tie) {
  monotone_cuts<double> cuts{values, weights, prefix, best};
  const std::size_t last = values.size() - 1;
  const cut_box all{1, last - 1, 2, last};
  // Some good partition, for a bound on the least cost: it limits how far from Lloyd's condition a tie can be.
  cut_box box = all;
  contract(sorted_groups{values, prefix, 0}, box);
  const double count = prefix.back().weight - prefix.front().weight;
  const double most_cost = cuts.cost_of(box.low_first, std::max(box.high_first, box.low_first + 1));
  box = all;
  find_optima(sorted_groups{values, prefix, tie * count * std::sqrt(most_cost)}, box, 32);
  box.high_first = std::max(box.high_first, box.low_first + 1);
  box.low_last = std::min(box.low_last, box.high_last - 1);
  return {cuts.solve_within(box.high_first, box.high_last, box.low_first, box.low_last), box.high_first, box.high_last};
}

}  // namespace dynamicpo::inline v1::detail
