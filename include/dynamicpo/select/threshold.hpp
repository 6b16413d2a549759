// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// { i : s_i >= s_w + gap }, in nats relative to the chosen score; may be empty. gap = 0 selects the violators, a
/// negative gap also what trails the chosen by at most -gap.
struct threshold {
  double gap = 0.0;

  template <class T>
  constexpr selection_rule operator()(const row_scores<T>& row, std::span<std::uint8_t> selected, scratch<T>&) const {
    const T least = row.chosen + T(gap);
    for (std::size_t i = 0; i < selected.size(); ++i) { selected[i] = row.rejected[i] < least ? 0 : 1; }
    return selection_rule::threshold;
  }
};

}  // namespace dynamicpo::inline v1::select
