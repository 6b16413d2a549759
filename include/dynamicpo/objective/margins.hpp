// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <utility>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/score/scalar.hpp"

/// What an aggregate takes, and the sums over it. Sums are held in accumulator_of<T> and taken in order.
namespace dynamicpo::inline v1::detail {

/// Margins of rows that lie in lanes: in each column one margin of every row, or the next few of a single row. `layout`
/// knows which (detail/row.hpp).
template <class V, class Layout>
struct lane_margins {
  std::span<V> columns;
  const Layout& layout;

  DYNAMICPO_INLINE V* begin() const { return columns.data(); }
  DYNAMICPO_INLINE V* end() const { return columns.data() + columns.size(); }
};

template <class V, class Layout>
V number_of(const lane_margins<V, Layout>&);
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
template <class V, class Layout>
DYNAMICPO_INLINE accumulator_of<V> sum(const lane_margins<V, Layout>& margins) {
  accumulator_of<V> total(0);
  for (const V& margin : margins) { total += accumulator_of<V>(margin); }
  return margins.layout.sum(total);
}

template <class T>
DYNAMICPO_HD constexpr accumulator_of<T> count(std::span<T> values) {
  return accumulator_of<T>(static_cast<double>(values.size()));
}
template <class V, class Layout>
DYNAMICPO_INLINE accumulator_of<V> count(const lane_margins<V, Layout>& margins) {
  return margins.layout.count;
}

template <class T>
DYNAMICPO_HD constexpr T least(std::span<T> values) {
  T found = values[0];
  for (const T& value : values) { found = value < found ? value : found; }
  return found;
}
template <class V, class Layout>
DYNAMICPO_INLINE V least(const lane_margins<V, Layout>& margins) {
  V found = margins.columns[0];
  for (const V& margin : margins) { found = where(margin < found, margin, found); }
  return margins.layout.least_of(found);
}

}  // namespace dynamicpo::inline v1::detail
