// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/beta/concept.hpp"

namespace dynamicpo::inline v1::beta {

/// beta_i = base for every negative.
struct fixed {
  static constexpr bool lane_wise = true;
  static constexpr bool uniform = true;
  static constexpr bool needs_rest = false;
  double base = 1.0;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T operator()(const context<T>&) const {
    return T(base);
  }
};

}  // namespace dynamicpo::inline v1::beta
