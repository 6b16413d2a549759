// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/score/scores.hpp"

/// Step 1 of a tile that is whole (tile::is_whole): its columns come to registers some at a time.
namespace dynamicpo::inline v1::detail {

/// Whether a view's numbers are T, as lanes of it read them.
template <class View, class T>
inline constexpr bool holds = false;
template <class View, class T>
  requires std::is_same_v<typename View::value_type, T>
inline constexpr bool holds<View, T> = true;

/// `rows` further by so many columns.
template <class T>
DYNAMICPO_INLINE spaced<T> from_column(const spaced<T>& rows, std::size_t column) {
  return {rows.base + column, rows.stride};
}
template <class T>
DYNAMICPO_INLINE placed<T> from_column(const placed<T>& rows, std::size_t column) {
  return {rows.base, rows.place, column};
}

/// Calls take(size, at, score, ratio) for the columns at, at + 1, .. at + size - 1 of rows of memory, `size` a
/// constant, until all have come, some of them more than once; those that the tile does not have are other memory.
/// Without a reference `frozen` is not read. `WithScore`: score[q] is read. `in_squares`: so many columns may be read
/// at once.
template <bool WithScore, bool HasReference, class V, class Rows, class Ask, class Take>
DYNAMICPO_INLINE void read_columns(const tile<V>& rows, const Rows& scores, const Rows& frozen, bool in_squares,
                                   const Ask& ask, const Take& take) {
  constexpr std::size_t panel_size = tile<V>::panel_size;
  constexpr bool one_distance = requires { scores.stride; };  // or nothing tells where a row ends
  const std::size_t columns = rows.columns;
  const auto take_panel = [&](auto size, std::size_t first) __attribute__((always_inline)) {
    constexpr bool is_square = size > panel_size;
    const std::size_t at = !one_distance ? first : columns < size ? 0 : std::min<std::size_t>(first, columns - size);
    const auto load = [&](const Rows& from, V* to) __attribute__((always_inline)) {
      if constexpr (is_square) {
        panel<V>::load_square(from_column(from, at), to, ask);
      } else {
        ask();
        panel<V>::load(from_column(from, at), to);
      }
    };
    V ratio[size];
    if constexpr (!HasReference) {
      load(scores, ratio);
      take(size, at, ratio, ratio);
    } else if constexpr (WithScore) {
      V score[size];
      load(scores, score);
      load(frozen, ratio);
      unrolled<size>([&](auto q) __attribute__((always_inline)) { ratio[q] = score[q] - ratio[q]; });
      take(size, at, score, ratio);
    } else {
      if constexpr (is_square) {
        panel<V>::load_square_difference(from_column(scores, at), from_column(frozen, at), ratio, ask);
      } else {
        ask();
        panel<V>::load_difference(from_column(scores, at), from_column(frozen, at), ratio);
      }
      take(size, at, ratio, ratio);
    }
  };
  std::size_t k = 0;
  if constexpr (panel<V>::has_squares) {
    constexpr std::size_t square = panel<V>::square;
    for (; in_squares && k + square / 2 < columns; k += square) {
      take_panel(std::integral_constant<std::size_t, square>{}, k);
    }
  }
  for (; k < columns; k += panel_size) { take_panel(std::integral_constant<std::size_t, panel_size>{}, k); }
}

/// read_columns of a tile whose rows lie at equal distances, be they all there or masked. `AsksAhead`: for the rows
/// after.
template <bool WithScore, bool AsksAhead, class V, class Policy, class Reference, class Take>
DYNAMICPO_INLINE void read_whole(const tile<V>& rows, const Policy& policy, const Reference& reference,
                                 const Take& take) {
  using T = typename V::element;
  constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
  constexpr std::size_t lines = tile<V>::lines_of_panel;
  auto next_scores = rows.template rejected_after<lines>(policy, AsksAhead ? rows.panels() : 0);
  auto next_frozen = rows.template rejected_after<lines>(reference, AsksAhead ? rows.panels() : 0);
  const auto ask = [&]() __attribute__((always_inline)) {
    next_scores.ask_for_next();
    next_frozen.ask_for_next();
  };
  const auto rows_of = [&]<class View>(const View& view) __attribute__((always_inline)) {
    if constexpr (holds<View, T>) {
      return spaced<const T>{tile<V>::begin_of(view, rows.row(0)), view.rejected_matrix().row_stride};
    } else {
      return spaced<const T>{nullptr, 0};  // no reference, or a type that no tile is whole with
    }
  };
  const bool in_squares =
      rows.has_columns_and_no_gap(policy, V::count) && rows.has_columns_and_no_gap(reference, V::count);
  read_columns<WithScore, has_reference>(rows, rows_of(policy), rows_of(reference), in_squares, ask, take);
}

/// Step 1 for a whole tile: log-ratios, or what becomes(tile)(ratio) makes of them, to `to`, and scores if `WithScore`.
/// `Checked`: rows that are not finite throughout are apart; else those alone whose chosen is not. `AsksAhead`: for the
/// rows after.
template <bool WithScore, bool Checked, bool AsksAhead, class V, class Policy, class Reference, class Becomes>
DYNAMICPO_INLINE void load_whole(tile<V>& rows, const Policy& policy, const Reference& reference, V* to,
                                 const Becomes& becomes) {
  rows.columns = static_cast<std::size_t>(policy.negatives(rows.row(0)));
  for (index& each : rows.count) { each = static_cast<index>(rows.columns); }
  rows.load_chosen_ratio(policy, reference);
  const auto value = becomes(rows);
  V spoilt = rows.chosen_ratio * V(0);  // 0, or not a number where anything is not finite
  read_whole<WithScore, AsksAhead>(
      rows, policy,
      reference, [&](auto size, std::size_t at, const V* score, const V* ratio) __attribute__((always_inline)) {
        V *const scores = rows.score + at, *const values = to + at;
        const std::size_t own = rows.columns - at;
        unrolled<size>([&](auto q) __attribute__((always_inline)) {
          if constexpr (WithScore) { scores[q] = score[q]; }
          values[q] = value(ratio[q]);
          if constexpr (Checked) {
            if (q < own) { spoilt = spoilt + ratio[q] * V(0); }
          }
        });
      });
  rows.apart = ~(spoilt == V(0));
}

/// The same of log-ratios themselves, to rows.ratio.
template <bool WithScore, bool Checked, bool AsksAhead, class V, class Policy, class Reference>
DYNAMICPO_INLINE void load_whole(tile<V>& rows, const Policy& policy, const Reference& reference) {
  load_whole<WithScore, Checked, AsksAhead>(rows, policy, reference, rows.ratio, [](const tile<V>&) {
    return [](const V& ratio) __attribute__((always_inline)) { return ratio; };
  });
}

}  // namespace dynamicpo::inline v1::detail
