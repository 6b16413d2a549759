// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

/// How a row, or rows side by side, lie in columns of V, a number or lanes of them, and what is taken over them.
namespace dynamicpo::inline v1::detail {

/// Mean policy score of the negatives left out by the selection; of the selected ones when none is left out.
template <class T>
constexpr accumulator_of<T> mean_of_rest(index negatives, index selected, const row_buffers<T>& lane) {
  const bool none_left = selected == negatives;
  accumulator_of<T> total(0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(negatives); ++i) {
    if (none_left || lane.selected[i] == 0) { total += accumulator_of<T>(lane.score[i]); }
  }
  return total / accumulator_of<T>(static_cast<double>(none_left ? selected : negatives - selected));
}

/// One negative in each column, all of them selected.
struct one_by_one {
  template <class V>
  static constexpr bool selected(const V&) {
    return true;
  }
  template <class A>
  static constexpr const A& sum(const A& total) {
    return total;
  }
  template <class V>
  static constexpr const V& least_of(const V& least) {
    return least;
  }
};

/// Rows side by side: in each column one negative of every row. Selected are those with a score of at least `least`;
/// what takes no part has the score -inf.
template <class V>
struct side_by_side {
  V least;
  accumulator_of<V> count;  ///< selected negatives of each row
  asked_scores ask{};       ///< of the rows after, while these are seen through

  DYNAMICPO_INLINE auto selected(const V& score) const { return negated(score < least); }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
  DYNAMICPO_INLINE static const V& least_of(const V& lanes) { return lanes; }
};

/// Rows side by side whose `columns` negatives all take part and are all selected.
template <class V, class Asked = asked_scores>
struct side_by_side_whole {
  std::size_t columns;
  [[no_unique_address]] Asked ask{};
  accumulator_of<V> count{V(static_cast<typename V::element>(columns))};

  /// 1 / count: one division for all rows.
  DYNAMICPO_INLINE V share() const {
    using accumulator = accumulator_of<typename V::element>;
    return V(static_cast<typename V::element>(accumulator(1) / accumulator(static_cast<double>(columns))));
  }
  DYNAMICPO_INLINE static constexpr bool selected(const V&) { return true; }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
  DYNAMICPO_INLINE static const V& least_of(const V& lanes) { return lanes; }
};

/// Rows side by side, with margins in place of log-ratios where weights go; one that leaves z as it is stands for what
/// takes no part.
template <class V, class Asked>
struct side_by_side_margins {
  static constexpr bool has_margins = true;
  std::size_t columns;
  accumulator_of<V> count;
  bool whole;  ///< all have as many as there are columns
  [[no_unique_address]] Asked ask{};

  DYNAMICPO_INLINE static constexpr bool selected(const V&) { return true; }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
  DYNAMICPO_INLINE static const V& least_of(const V& lanes) { return lanes; }
  DYNAMICPO_INLINE V share() const {
    return whole ? side_by_side_whole<V>{columns}.share() : static_cast<V>(accumulator_of<V>(1) / count);
  }
  /// 0 less `x` once for each negative.
  DYNAMICPO_INLINE V less_each(const V& x) const {
    V left(0);
    for (std::size_t k = 0; k < columns; ++k) {
      left = whole ? left - x : where(broadcast<V>(static_cast<typename V::element>(k)) < count, left - x, left);
    }
    return left;
  }
};

/// Rows side by side, all selected, whose margins are added up: no column is read, and the first alone gets a weight.
template <class V>
struct side_by_side_summed {
  accumulator_of<V> count, total;
  std::size_t first_count;  ///< negatives of the first row

  DYNAMICPO_INLINE static constexpr bool selected(const V&) { return true; }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
  /// 0 less `x` once for each negative, of rows of as many, with the bits that along_the_row has for each: what a lane
  /// there holds, in all rows at once, and then the sum of those lanes.
  DYNAMICPO_INLINE V less_each(const V& x) const {
    V of_lane(0);
    for (std::size_t i = 0; i < first_count / V::count; ++i) { of_lane = of_lane - x; }
    const V once_more = of_lane - x;
    V lane[V::count];
    for (std::size_t l = 0; l < V::count; ++l) { lane[l] = l < first_count % V::count ? once_more : of_lane; }
    return sum_by_halves(lane);
  }
};

/// One row along the lanes: in each column the next few of its negatives. What is taken over them is in every lane.
template <class V>
struct along_the_row {
  V least;
  accumulator_of<V> count;
  asked_scores ask{};

  DYNAMICPO_INLINE auto selected(const V& score) const { return negated(score < least); }
  DYNAMICPO_INLINE static accumulator_of<V> sum(const accumulator_of<V>& lanes) {
    return accumulator_of<V>(sum_of_lanes(lanes));
  }
  DYNAMICPO_INLINE static V least_of(const V& lanes) { return V(least_of_lanes(lanes)); }
};

/// The same of a row whose negatives all take part and are all selected.
template <class V>
struct along_the_row_whole : along_the_row<V> {};

/// How many of each row's columns are selected.
template <class V, class Layout>
DYNAMICPO_INLINE V number_selected(const V* score, std::size_t columns, const Layout& layout) {
  V count(0);
  for (std::size_t k = 0; k < columns; ++k) { count = count + where(layout.selected(score[k]), V(1), V(0)); }
  return count;
}

/// Mean of what takes part and is not selected, as of one row above, in lanes; `selected` is how many each row has.
/// `AllPresent`: every row has all columns, and all take part.
template <bool AllPresent = false, class Column, class Layout,
          class V = std::remove_cvref_t<decltype(std::declval<const Column&>()[0])>>
DYNAMICPO_INLINE DYNAMICPO_HD accumulator_of<V> mean_of_rest(const Column& score, std::size_t columns,
                                                             const Layout& layout, const accumulator_of<V>& selected) {
  using accumulator = accumulator_of<V>;
  const V absent(-elementary_float::infinity<elementary_float::element_of<V>>);
  accumulator rest(0), others(0);
  if constexpr (AllPresent) {
    for (std::size_t k = 0; k < columns; ++k) { rest += accumulator(where(layout.selected(score[k]), V(0), score[k])); }
    others = accumulator(static_cast<double>(columns)) - selected;
  } else {
    V left(0);
    for (std::size_t k = 0; k < columns; ++k) {
      const V other = where(layout.selected(score[k]), absent, score[k]);
      rest += accumulator(where(absent < other, other, V(0)));
      left = left + where(absent < other, V(1), V(0));
    }
    others = layout.sum(accumulator(left));
  }
  rest = layout.sum(rest);
  const auto none_left = others == accumulator(0);
  if (any(both(none_left, accumulator(0) < selected))) {
    accumulator all(0);
    for (std::size_t k = 0; k < columns; ++k) { all += accumulator(where(layout.selected(score[k]), score[k], V(0))); }
    rest = where(none_left, layout.sum(all), rest);
  }
  return rest / where(none_left, selected, others);
}

}  // namespace dynamicpo::inline v1::detail
