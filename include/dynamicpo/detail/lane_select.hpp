// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/top_cluster_lanes.hpp"
#include "dynamicpo/score/space.hpp"
#include "dynamicpo/select/all.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/select/concept.hpp"
#include "dynamicpo/select/threshold.hpp"
#include "dynamicpo/select/violators.hpp"

/// Selections that are thresholds on the score, for rows side by side.
namespace dynamicpo::inline v1::detail {

/// The least selected score of each row, and whether it is known; rows where it is not are seen one by one. Decided by
/// `rule`, in `clustered` rows by selection_rule::cluster.
template <class V>
struct lane_selection {
  V least;
  typename V::truth known, clustered;
  selection_rule rule;
};

/// Host numbers run side by side; not under nvcc, whose device code knows no vectors.
#if defined(__CUDACC__)
template <class T, class Space>
inline constexpr bool runs_number_in_lanes = false;
#else
template <class T, class Space>
inline constexpr bool runs_number_in_lanes = elementary_float::number<T>&& std::is_same_v<Space, space::host>;
#endif

template <class Select>
inline constexpr bool selects_in_lanes = false;
template <>
inline constexpr bool selects_in_lanes<select::all> = true;
template <>
inline constexpr bool selects_in_lanes<select::violators> = true;
template <>
inline constexpr bool selects_in_lanes<select::threshold> = true;
template <>
inline constexpr bool selects_in_lanes<select::boundary> = true;

// `score` holds `columns` scores of each row, at most Most, -inf for what takes no part. `wanted`: rows that matter.
template <std::size_t Most = short_rows_limit, class V>
DYNAMICPO_INLINE lane_selection<V> select_in_lanes(const select::all&, const V&, const V*, std::size_t,
                                                   const typename V::truth& wanted) {
  return {V(std::numeric_limits<typename V::element>::lowest()), wanted, typename V::truth(0), selection_rule::all};
}
template <std::size_t Most = short_rows_limit, class V>
DYNAMICPO_INLINE lane_selection<V> select_in_lanes(const select::violators& select, const V& chosen, const V*,
                                                   std::size_t, const typename V::truth& wanted) {
  return {select.least(chosen), wanted, typename V::truth(0), selection_rule::violators};
}
template <std::size_t Most = short_rows_limit, class V>
DYNAMICPO_INLINE lane_selection<V> select_in_lanes(const select::threshold& select, const V& chosen, const V*,
                                                   std::size_t, const typename V::truth& wanted) {
  return {select.least(chosen), wanted, typename V::truth(0), selection_rule::threshold};
}
template <std::size_t Most = short_rows_limit, class V>
DYNAMICPO_INLINE lane_selection<V> select_in_lanes(const select::boundary&, const V& chosen, const V* score,
                                                   std::size_t columns, const typename V::truth& wanted) {
  const V highest = joined_in_two(
      score[0], columns, [&](std::size_t k) __attribute__((always_inline))->const V& { return score[k]; },
      [](const V& a, const V& b) __attribute__((always_inline)) { return where(a < b, b, a); });
  const V absent(-std::numeric_limits<typename V::element>::infinity());
  const auto clustered = wanted & (highest < chosen) & (absent < highest);
  lane_selection<V> found{chosen, wanted, clustered, selection_rule::violators};
  if (any(clustered)) {
    lane_threshold<V> cluster;
    run_apart<V::bytes>([&](auto) { cluster = top_cluster_lanes<Most>(score, columns, clustered); });
    found.least = where(clustered, cluster.least, chosen);
    found.known = wanted & (~clustered | cluster.certain);
  }
  return found;
}

}  // namespace dynamicpo::inline v1::detail
