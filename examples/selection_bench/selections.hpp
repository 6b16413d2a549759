// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/concept.hpp"

/// Selections that are rivals of the boundary and no part of the library, as selections of the library.
namespace selection_bench {

namespace po = dynamicpo;

/// { i : s_w - margin <= s_i < s_w }: what the policy ranks below the chosen item, but not by more than the margin, in
/// nats; violators are left out. May be empty. Source: semi-hard negatives of FaceNet (arXiv 1503.03832), with
/// log-probabilities for distances.
struct semi_hard {
  double margin = 2.0;

  template <class T>
  po::selection_rule operator()(const po::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                                po::select::scratch<T>&) const {
    const T least = row.chosen - static_cast<T>(margin);
    for (std::size_t i = 0; i < selected.size(); ++i) {
      selected[i] = row.rejected[i] >= least && row.rejected[i] < row.chosen ? 1 : 0;
    }
    return po::selection_rule::custom;
  }
};

/// `count` negatives drawn one after the other without replacement, each with probability exp(s_i) over that of all
/// that are left; all of them when there are no more. Drawn as the `count` greatest s_i + Gumbel noise (arXiv
/// 1903.06059). A pure function of (seed, step, first_row + row) and the order of the negatives.
struct softmax_k {
  po::index count = 1;
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  po::index first_row = 0;

  template <class T>
  po::selection_rule operator()(const po::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                                po::select::scratch<T>& scratch) const {
    po::sample::philox_engine engine{seed,
                                     (std::uint64_t{step} << 32) ^ static_cast<std::uint64_t>(first_row + row.row)};
    const auto keys = scratch.values.first(selected.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const double uniform = engine.uniform() + 0x1p-54;  // never 0, whose logarithm is infinite
      keys[i] = row.rejected[i] - static_cast<T>(std::log(-std::log(uniform)));
    }
    std::fill(selected.begin(), selected.end(), std::uint8_t{0});
    const auto wanted = std::min(count, static_cast<po::index>(keys.size()));
    for (po::index drawn = 0; drawn < wanted; ++drawn) {
      std::size_t best = 0;
      while (selected[best] == 1) ++best;
      for (std::size_t i = best + 1; i < keys.size(); ++i) {
        if (selected[i] == 0 && keys[best] < keys[i]) best = i;
      }
      selected[best] = 1;
    }
    return po::selection_rule::custom;
  }
};

namespace detail {

/// Ascending distinct values and how often each occurs.
struct weighted_values {
  std::vector<double> value, weight;

  template <class T>
  explicit weighted_values(std::span<const T> scores) : value(scores.begin(), scores.end()) {
    std::sort(value.begin(), value.end());
    std::size_t distinct = 0;
    for (const double each : value) {
      if (distinct > 0 && value[distinct - 1] == each) {
        weight.back() += 1;
      } else {
        value[distinct++] = each;
        weight.push_back(1);
      }
    }
    value.resize(distinct);
  }
};

/// Two criteria that agree to so many roundings of n values tie.
inline double tie(std::size_t n) { return 8 * static_cast<double>(n) * std::numeric_limits<double>::epsilon(); }

}  // namespace detail

/// Least value of the upper of two classes, cut where the variance between them is greatest, that is the exact 2-means:
/// of equal cuts the lowest; of one distinct value, that value. Source: Otsu, "A threshold selection method from
/// gray-level histograms", 1979, with the values themselves for a histogram.
struct otsu_cut {
  template <class T>
  static T least(std::span<const T> scores) {
    const detail::weighted_values values{scores};
    const std::size_t m = values.value.size();
    const double origin = values.value[m / 2], all = static_cast<double>(scores.size());
    double total = 0;
    for (std::size_t i = 0; i < m; ++i) total += values.weight[i] * (values.value[i] - origin);
    double below = 0, sum = 0, best = -1;
    std::size_t cut = 0;
    for (std::size_t i = 0; i + 1 < m; ++i) {
      below += values.weight[i];
      sum += values.weight[i] * (values.value[i] - origin);
      const double difference = sum / below - (total - sum) / (all - below);
      const double between = below * (all - below) * difference * difference;
      if (between > best * (1 + detail::tie(m))) {
        best = between;
        cut = i + 1;
      }
    }
    return static_cast<T>(values.value[cut]);
  }
};

/// Least value of the highest of min(3, distinct values) classes of the natural breaks: the least sum of squared
/// deviations from class means, by dynamic programming over the number of classes, O(K^2); of equal partitions the
/// largest top class. Source: Fisher, "On grouping for maximum homogeneity", 1958; Jenks, 1967. Three classes are the
/// exact 3-means, so this is select::boundary's top cluster found another way.
struct jenks_cut {
  template <class T>
  static T least(std::span<const T> scores) {
    const detail::weighted_values values{scores};
    const std::size_t m = values.value.size(), classes = std::min<std::size_t>(3, m);
    constexpr double never = std::numeric_limits<double>::infinity();
    // cost_of[j]: of the first j values in so many classes; last[j]: where the last of these begins.
    std::vector<double> cost_of(m + 1, never), next(m + 1);
    std::vector<std::size_t> last(m + 1);
    cost_of[0] = 0;
    for (std::size_t count = 0; count < classes; ++count) {
      std::fill(next.begin(), next.end(), never);
      for (std::size_t j = count + 1; j <= m; ++j) {
        const double origin = values.value[j - 1];
        double weight = 0, first = 0, second = 0;
        for (std::size_t i = j; i-- > count;) {
          const double away = values.value[i] - origin;
          weight += values.weight[i];
          first += values.weight[i] * away;
          second += values.weight[i] * away * away;
          const double cost = cost_of[i] + std::max(0.0, second - first * first / weight);
          if (cost <= next[j] * (1 + detail::tie(m))) {  // a tie goes to the longer class
            next[j] = std::min(cost, next[j]);
            last[j] = i;
          }
        }
      }
      std::swap(cost_of, next);
    }
    return static_cast<T>(values.value[last[m]]);
  }
};

/// The violators, as select::boundary; when there is none, everything from Cut::least(scores) up.
template <class Cut>
struct violators_or {
  template <class T>
  po::selection_rule operator()(const po::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                                po::select::scratch<T>&) const {
    if (selected.empty()) return po::selection_rule::none;
    const bool violated =
        std::any_of(row.rejected.begin(), row.rejected.end(), [&](const T& score) { return !(score < row.chosen); });
    const T least = violated ? row.chosen : Cut::least(row.rejected);
    return po::select::mark(po::select::cut<T>{least, po::selection_rule::custom}, row.rejected, selected);
  }
};

using otsu = violators_or<otsu_cut>;
using jenks = violators_or<jenks_cut>;

}  // namespace selection_bench
