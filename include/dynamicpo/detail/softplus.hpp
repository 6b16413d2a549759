// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"

namespace dynamicpo::inline v1::detail {

/// softplus and its derivative.
template <class T>
struct softplus_pair {
  T value;
  T slope;
};

/// Both of softplus and logistic from one exponential; the same bits as each alone.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr softplus_pair<T> softplus_and_logistic(const T& x) {
  const auto negative = x < T(0);
  const T decay = elementary::decay(elementary::minus_abs(x));
  return {where(negative, T(0), x) + elementary::log1p_to_2(decay), where(negative, decay, T(1)) / (T(1) + decay)};
}

/// log(1 + e^x): x plus a vanishing term above, e^x below; never overflows, never rounds to 0 early, no epsilon.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T softplus(const T& x) {
  return softplus_and_logistic(x).value;
}

/// 1 / (1 + e^-x), the derivative of softplus; full relative accuracy in both tails.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T logistic(const T& x) {
  return softplus_and_logistic(x).slope;
}

}  // namespace dynamicpo::inline v1::detail
