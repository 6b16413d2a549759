// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <limits>

#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// Every negative: the vanilla objectives.
struct all {
  template <class T>
  constexpr selection_rule operator()(const row_scores<T>&, std::span<std::uint8_t> selected, scratch<T>&) const {
    for (auto& flag : selected) { flag = 1; }
    return selection_rule::all;
  }
  template <std::floating_point T>
  constexpr cut<T> cut_of(const row_scores<T>&, scratch<T>&) const {
    return {std::numeric_limits<T>::lowest(), selection_rule::all};
  }
};

}  // namespace dynamicpo::inline v1::select
