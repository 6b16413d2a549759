// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/score/scalar.hpp"

/// What an aggregate takes, and the sums over it. Sums are held in accumulator_of<T> and taken in order.
namespace dynamicpo::inline v1::detail {

/// Margins of rows that lie in lanes: in each column one margin of every row, or the next few of a single row. `layout`
/// knows which (detail/row_layout.hpp). `Column`: what goes from column to column.
template <class V, class Layout, class Column = V*>
struct lane_margins {
  Column first;
  std::size_t size;
  const Layout& layout;

  DYNAMICPO_INLINE DYNAMICPO_HD Column begin() const { return first; }
  DYNAMICPO_INLINE DYNAMICPO_HD Column end() const { return first + size; }
};

template <class V, class Layout, class Column>
V number_of(const lane_margins<V, Layout, Column>&);
template <class T>
T number_of(std::span<T>);

/// The type of a margin.
template <class Margins>
using margin_type = decltype(number_of(std::declval<const Margins&>()));

template <class T>
DYNAMICPO_HD constexpr accumulator_of<T> sum(std::span<T> values) {
  accumulator_of<T> total(0);
  for (const T& value : values) { total += accumulator_of<T>(value); }
  return total;
}
template <class V, class Layout, class Column>
DYNAMICPO_INLINE DYNAMICPO_HD accumulator_of<V> sum(const lane_margins<V, Layout, Column>& margins) {
  if constexpr (requires { margins.layout.total; }) {
    return margins.layout.total;
  } else {
    accumulator_of<V> total(0);
    for (const V& margin : margins) { total += accumulator_of<V>(margin); }
    return margins.layout.sum(total);
  }
}

/// Replaces every margin m by f(m), and adds those up.
template <class T, class F>
DYNAMICPO_HD constexpr accumulator_of<T> replaced_sum(std::span<T> values, const F& f) {
  accumulator_of<T> total(0);
  for (T& value : values) { total += accumulator_of<T>(value = f(value)); }
  return total;
}
template <class V, class Layout, class Column, class F>
DYNAMICPO_INLINE DYNAMICPO_HD accumulator_of<V> replaced_sum(const lane_margins<V, Layout, Column>& margins,
                                                             const F& f) {
  accumulator_of<V> total(0);
  std::size_t column = 0;
  for (V& margin : margins) {
    if constexpr (requires { margins.layout.ask; }) { margins.layout.ask(column++); }
    margin = f(margin);
    total += accumulator_of<V>(margin);
  }
  return margins.layout.sum(total);
}

template <class T>
DYNAMICPO_HD constexpr accumulator_of<T> count(std::span<T> values) {
  return accumulator_of<T>(static_cast<double>(values.size()));
}
template <class V, class Layout, class Column>
DYNAMICPO_INLINE DYNAMICPO_HD accumulator_of<V> count(const lane_margins<V, Layout, Column>& margins) {
  return margins.layout.count;
}

/// 1 / count, rounded to T.
template <class T>
DYNAMICPO_HD constexpr T share(std::span<T> values) {
  return static_cast<T>(accumulator_of<T>(1) / count(values));
}
template <class V, class Layout, class Column>
DYNAMICPO_INLINE DYNAMICPO_HD V share(const lane_margins<V, Layout, Column>& margins) {
  if constexpr (requires { margins.layout.share(); }) {
    return margins.layout.share();
  } else {
    return static_cast<V>(accumulator_of<V>(1) / margins.layout.count);
  }
}

template <class T>
DYNAMICPO_HD constexpr T least(std::span<T> values) {
  T found = values[0];
  for (const T& value : values) { found = value < found ? value : found; }
  return found;
}
template <class V, class Layout, class Column>
DYNAMICPO_INLINE DYNAMICPO_HD V least(const lane_margins<V, Layout, Column>& margins) {
  const auto lesser = [](const V& x, const V& y) __attribute__((always_inline)) { return where(y < x, y, x); };
  const auto at = [&](std::size_t i) __attribute__((always_inline))->const V& { return *(margins.first + i); };
  return margins.layout.least_of(joined_in_two(at(0), margins.size, at, lesser));
}

/// Sets dz/dm of every margin, of a `uniform` aggregate; of lanes the first column's, which stands for all.
template <class T>
DYNAMICPO_HD constexpr void set_weight(std::span<T> values, const T& weight) {
  for (T& value : values) { value = weight; }
}
template <class V, class Layout, class Column>
DYNAMICPO_INLINE DYNAMICPO_HD void set_weight(const lane_margins<V, Layout, Column>& margins, const V& weight) {
  *margins.first = weight;
}

}  // namespace dynamicpo::inline v1::detail
