// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"

namespace dynamicpo::inline v1::detail {

/// Both functions of x from decay = e^-|x|.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T softplus_of(const T& x, const T& decay) {
  return where(x < T(0), T(0), x) + elementary::log1p_to_2(decay);
}
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T logistic_of(const T& x, const T& decay) {
  return where(x < T(0), decay, T(1)) / (T(1) + decay);
}

/// log(1 + e^x): x plus a vanishing term above, e^x below; never overflows, never rounds to 0 early, no epsilon.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T softplus(const T& x) {
  return softplus_of(x, elementary::decay(elementary::minus_abs(x)));
}

/// 1 / (1 + e^-x), the derivative of softplus; full relative accuracy in both tails.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T logistic(const T& x) {
  return logistic_of(x, elementary::decay(elementary::minus_abs(x)));
}

/// softplus and its derivative, from one exponential; the same bits as each alone.
template <class T>
struct softplus_pair {
  T value;
  T slope;
};
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr softplus_pair<T> softplus_and_logistic(const T& x) {
  const T decay = elementary::decay(elementary::minus_abs(x));
  return {softplus_of(x, decay), logistic_of(x, decay)};
}

}  // namespace dynamicpo::inline v1::detail
