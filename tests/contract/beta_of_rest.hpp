// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/dynamicpo.hpp"

/// One beta for a row, of the mean score of all its negatives.
struct beta_of_rest {
  static constexpr bool lane_wise = true, uniform = true, needs_rest = true;
  template <class V>
  V operator()(const dynamicpo::beta::context<V>& seen) const {
    return V(1) + V(0.05) * static_cast<V>(seen.mean_rest);
  }
};
