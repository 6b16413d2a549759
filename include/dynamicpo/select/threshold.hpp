// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// { i : s_i >= s_w + gap }, in nats relative to the chosen score; may be empty. gap = 0 selects the violators, a
/// negative gap also what trails the chosen by at most -gap, one of -inf or NaN all.
struct threshold {
  double gap = 0.0;

  template <class T>
  constexpr selection_rule operator()(const row_scores<T>& row, std::span<std::uint8_t> selected,
                                      scratch<T>& scratch) const {
    return mark(cut_of(row, scratch), row.rejected, selected);
  }
  template <class T>
  constexpr cut<T> cut_of(const row_scores<T>& row, scratch<T>&) const {
    return {least(row.chosen), selection_rule::threshold};
  }
  template <class V>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr V least(const V& chosen) const {
    const V cut = chosen + V(gap);
    if constexpr (detail::elementary_float::number<V>) {
      // What takes no part of rows side by side has the score -inf and stays out, however low the cut.
      const V lowest(detail::elementary_float::lowest<detail::elementary_float::element_of<V>>);
      return detail::where(lowest < cut, cut, lowest);
    } else {
      return cut;
    }
  }
};

}  // namespace dynamicpo::inline v1::select
