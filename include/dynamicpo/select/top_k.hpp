// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// The `count` highest scores, and every score equal to the lowest of them (so the set does not depend on the order of
/// the negatives); all of them when there are no more than `count`. Cost O(K).
struct top_k {
  index count = 1;

  template <class T>
  constexpr selection_rule operator()(const row_scores<T>& row, std::span<std::uint8_t> selected,
                                      scratch<T>& scratch) const {
    const auto size = static_cast<index>(row.rejected.size());
    if (count >= size || count <= 0) {
      for (auto& flag : selected) { flag = count > 0 ? 1 : 0; }
      return selection_rule::top_k;
    }
    const auto values = scratch.values.first(row.rejected.size());
    std::copy(row.rejected.begin(), row.rejected.end(), values.begin());
    const auto last = values.begin() + (count - 1);
    std::nth_element(values.begin(), last, values.end(), [](const T& a, const T& b) { return b < a; });
    for (std::size_t i = 0; i < selected.size(); ++i) { selected[i] = row.rejected[i] < *last ? 0 : 1; }
    return selection_rule::top_k;
  }
};

}  // namespace dynamicpo::inline v1::select
