// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/beta/concept.hpp"
#include "dynamicpo/detail/elementary.hpp"

namespace dynamicpo::inline v1::beta {

/// beta_i = base (1 + alpha tanh((d1 - d2 - gamma) / (|d1| + |d2|))), d1 = s_w - s_i, d2 = s_i - mean_rest: in
/// [base (1 - alpha), base (1 + alpha)]. |d1| + |d2| = 0 takes the limit: -alpha for gamma > 0, +alpha for gamma < 0,
/// and base itself for gamma = 0. Source: DynamicPO (arXiv 2605.00327); gamma 6 is the current reference, 2 its first
/// release. docs/derivations/dual_margin.md.
struct dual_margin {
  static constexpr bool lane_wise = true;
  static constexpr bool needs_rest = true;
  double base = 1.0;
  double alpha = 0.5;
  double gamma = 6.0;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T operator()(const context<T>& at) const {
    return of_argument(argument(at));
  }

  /// What tanh is taken of; `of_argument` of it is beta_i. Over many negatives, a loop of its own keeps more of them
  /// on their way at a time.
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T argument(const context<T>& at) const {
    const T d1 = at.chosen - at.rejected;
    const T d2 = static_cast<T>(accumulator_of<T>(at.rejected) - at.mean_rest);
    const T numerator = d1 - d2 - T(gamma);
    const T denominator = detail::elementary::abs(d1) + detail::elementary::abs(d2);
    // numerator / 0 is an infinity and tanh its limit; only 0 / 0 needs an answer of its own.
    return detail::where(numerator == T(0), T(0), static_cast<T>(numerator / denominator));
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T of_argument(const T& argument) const {
    return T(base) * (T(1) + T(alpha) * detail::elementary::tanh(argument));
  }
};

}  // namespace dynamicpo::inline v1::beta
