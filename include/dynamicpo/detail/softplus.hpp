// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"

namespace dynamicpo::inline v1::detail {

/// log(1 + e^x): x plus a vanishing term above, e^x below; never overflows, never rounds to 0 early, no epsilon.
template <class T>
DYNAMICPO_HD constexpr T softplus(const T& x) {
  const T positive = x < T(0) ? T(0) : x;
  return positive + elementary::log1p(elementary::exp(static_cast<T>(-elementary::abs(x))));
}

/// 1 / (1 + e^-x), the derivative of softplus; full relative accuracy in both tails.
template <class T>
DYNAMICPO_HD constexpr T logistic(const T& x) {
  const T decay = elementary::exp(static_cast<T>(-elementary::abs(x)));
  return (x < T(0) ? decay : T(1)) / (T(1) + decay);
}

}  // namespace dynamicpo::inline v1::detail
