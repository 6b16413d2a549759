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
/// knows which (detail/row.hpp). `Column`: what goes from column to column.
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
  accumulator_of<V> total(0);
  for (const V& margin : margins) { total += accumulator_of<V>(margin); }
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

template <class T>
DYNAMICPO_HD constexpr T least(std::span<T> values) {
  T found = values[0];
  for (const T& value : values) { found = value < found ? value : found; }
  return found;
}
template <class V, class Layout, class Column>
DYNAMICPO_INLINE DYNAMICPO_HD V least(const lane_margins<V, Layout, Column>& margins) {
  V found = *margins.first;
  for (const V& margin : margins) { found = where(margin < found, margin, found); }
  return margins.layout.least_of(found);
}

}  // namespace dynamicpo::inline v1::detail
