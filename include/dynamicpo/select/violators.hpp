// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// { i : s_i >= s_w }: negatives that the policy scores at or above the chosen item; a tie violates. May be empty.
struct violators {
  template <class T>
  constexpr selection_rule operator()(const row_scores<T>& row, std::span<std::uint8_t> selected,
                                      scratch<T>& scratch) const {
    return mark(cut_of(row, scratch), row.rejected, selected);
  }
  template <class T>
  constexpr cut<T> cut_of(const row_scores<T>& row, scratch<T>&) const {
    return {least(row.chosen), selection_rule::violators};
  }
  template <class V>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr V least(const V& chosen) const {
    return chosen;
  }
};

}  // namespace dynamicpo::inline v1::select
