// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>

#include "dynamicpo/detail/binned_cut.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/few_sorted.hpp"
#include "dynamicpo/detail/kmeans_1d.hpp"
#include "dynamicpo/detail/sorted_cut.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// The decision boundary: the violators { i : s_i >= s_w }; when there is none, the highest cluster of the exact
/// one-dimensional k-means of the s_i with min(3, distinct values) clusters. Equal-cost partitions resolve to the
/// larger top cluster. Never empty for K >= 1; a threshold on the score, so independent of the order of the negatives
/// and whole over duplicates. No seed. Violators cost O(K); clustering O(K log K), in accumulator_of<T>, whatever the
/// offset of the scores. Source: DynamicPO (arXiv 2605.00327), whose code runs a seeded Lloyd iteration.
struct boundary {
  template <class T>
  constexpr selection_rule operator()(const row_scores<T>& row, std::span<std::uint8_t> selected,
                                      scratch<T>& scratch) const {
    if (selected.empty()) { return selection_rule::none; }
    return mark(cut_of(row, scratch), row.rejected, selected);
  }
  /// For at least one negative.
  template <class T>
  constexpr cut<T> cut_of(const row_scores<T>& row, scratch<T>& scratch) const {
    if (is_violated(row)) { return {row.chosen, selection_rule::violators}; }
    return {top_cluster(row.rejected, scratch), selection_rule::cluster};
  }

 private:
  template <class T>
  static constexpr bool is_violated(const row_scores<T>& row) {
    if constexpr (detail::elementary_float::number<T>) {
      if (!std::is_constant_evaluated() && row.rejected.size() > detail::binned_above) {
        return detail::any_reaches(row.rejected, row.chosen);
      }
    }
    bool violated = false;
    for (const T& score : row.rejected) { violated |= !(score < row.chosen); }
    return violated;
  }
  /// Least value of the top cluster.
  template <class T>
  static constexpr T top_cluster(std::span<const T> scores, scratch<T>& scratch) {
    using accumulator = accumulator_of<T>;
    if constexpr (std::floating_point<T> && std::same_as<accumulator, double>) {
      if (scores.size() > detail::binned_above) {
        const detail::binned_room<T> room{scratch.values,  scratch.sorted, scratch.best,
                                          scratch.weights, scratch.lower,  scratch.tick};
        if (const auto least = detail::binned_cut<T>{scores, room}.least()) { return *least; }
      }
    }
    return top_of_sorted(scores, scratch);
  }
  // Apart from the rows that need no sort: rare where rows are long.
  template <class T>
  [[gnu::noinline]] static constexpr T top_of_sorted(std::span<const T> scores, scratch<T>& scratch) {
    using accumulator = accumulator_of<T>;
    const auto values = scratch.values.first(scores.size());
    std::copy(scores.begin(), scores.end(), values.begin());
    std::sort(values.begin(), values.end());

    std::size_t distinct = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (distinct > 0 && values[i] == values[distinct - 1]) {
        scratch.weights[distinct - 1] += accumulator(1);
        continue;
      }
      values[distinct] = values[i];
      scratch.sorted[distinct] = accumulator(values[i]);
      scratch.weights[distinct] = accumulator(1);
      ++distinct;
    }
    if (distinct < 3) { return values[distinct - 1]; }
    const auto sorted = scratch.sorted.first(distinct);
    if constexpr (std::floating_point<accumulator>) { keep_squares_representable(sorted); }

    const auto weights = scratch.weights.first(distinct), best = scratch.best.first(distinct);
    accumulator optimum, tie = detail::tie_tolerance<accumulator>(distinct);
    std::size_t cut = 2;
    if (scores.size() <= detail::all_pairs_limit<accumulator>) {
      optimum = detail::best_cuts_all_pairs<accumulator>(sorted, weights, scratch.lower, best);
    } else if constexpr (std::same_as<accumulator, double>) {
      tie = detail::tie_tolerance_of_wide;
      const auto found = detail::best_cuts_sorted(sorted, weights, scratch.prefix.first(distinct + 1), best, tie);
      optimum = found.optimum;
      cut = found.first;
    } else {
      optimum = detail::monotone_cuts<accumulator>{sorted, weights, scratch.prefix.first(distinct + 1), best}.solve();
    }
    const accumulator equal = optimum * (accumulator(1) + tie);
    while (equal < best[cut]) { ++cut; }
    return values[cut];
  }

  // Squares of scores beyond 1e150, or of spreads below 1e-150, would leave the range of double. Scaled to 2^500, so
  // that what stands beside an outlier as far as -DBL_MAX keeps its squares too.
  template <std::floating_point A>
  static constexpr void keep_squares_representable(std::span<A> sorted) {
    const A extent = sorted.back() - sorted.front();
    if (extent < A(1e150) && extent > A(1e-150)) { return; }
    const int exponent = std::ilogb(std::max(sorted.back(), -sorted.front()));
    for (A& value : sorted) { value = std::scalbn(value, 500 - exponent); }
  }
};

}  // namespace dynamicpo::inline v1::select
