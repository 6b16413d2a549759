// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include "dynamicpo/config.hpp"

/// Elementary functions over any scalar: std's for built-in types, the type's own by argument-dependent lookup.
namespace dynamicpo::inline v1::detail::elementary {

template <class T>
DYNAMICPO_HD constexpr T exp(const T& x) {
  using std::exp;
  return static_cast<T>(exp(x));
}

template <class T>
DYNAMICPO_HD constexpr T log(const T& x) {
  using std::log;
  return static_cast<T>(log(x));
}

template <class T>
DYNAMICPO_HD constexpr T tanh(const T& x) {
  using std::tanh;
  return static_cast<T>(tanh(x));
}

template <class T>
DYNAMICPO_HD constexpr T abs(const T& x) {
  return x < T(0) ? static_cast<T>(-x) : x;
}

template <class T>
DYNAMICPO_HD constexpr bool isfinite(const T& x) {
  using std::isfinite;
  return isfinite(x);
}

namespace lookup {
using std::log1p;
template <class T>
concept has_log1p = requires(const T& x) { static_cast<T>(log1p(x)); };
template <class T>
DYNAMICPO_HD constexpr T call_log1p(const T& x) {
  return static_cast<T>(log1p(x));
}
}  // namespace lookup

template <class T>
DYNAMICPO_HD constexpr T log1p(const T& x) {
  if constexpr (lookup::has_log1p<T>) {
    return lookup::call_log1p(x);
  } else {
    // Goldberg's correction: the rounding of 1 + x cancels in the quotient.
    const T sum = T(1) + x;
    return sum == T(1) ? x : static_cast<T>(log(sum) * x / (sum - T(1)));
  }
}

}  // namespace dynamicpo::inline v1::detail::elementary
