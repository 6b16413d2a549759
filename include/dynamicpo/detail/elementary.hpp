// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// Elementary functions over any scalar: our own for float, double and lanes of them, std's for long double, the type's
/// own by argument-dependent lookup for all others.
namespace dynamicpo::inline v1::detail::elementary {

template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T exp(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::exp(x);
  } else {
    using std::exp;
    return static_cast<T>(exp(x));
  }
}

/// e^x for x <= 0 (and of a NaN) in fewer steps than exp.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T decay(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::decay(x);
  } else {
    return elementary::exp(x);
  }
}

template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T log(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::log(x);
  } else {
    using std::log;
    return static_cast<T>(log(x));
  }
}

template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T tanh(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::tanh(x);
  } else {
    using std::tanh;
    return static_cast<T>(tanh(x));
  }
}

template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T abs(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::abs(x);
  } else {
    return x < T(0) ? static_cast<T>(-x) : x;
  }
}

template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T minus_abs(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::minus_abs(x);
  } else {
    return static_cast<T>(-elementary::abs(x));
  }
}

/// A truth; lanes of them for lanes.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr auto isfinite(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return x - x == T(0);
  } else {
    using std::isfinite;
    return static_cast<bool>(isfinite(x));
  }
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
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T log1p(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::log1p(x);
  } else if constexpr (lookup::has_log1p<T>) {
    return lookup::call_log1p(x);
  } else {
    // Goldberg's correction: the rounding of 1 + x cancels in the quotient.
    const T sum = T(1) + x;
    return sum == T(1) ? x : static_cast<T>(log(sum) * x / (sum - T(1)));
  }
}

/// log1p(x) for x in [0, 1] in fewer steps.
template <class T>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr T log1p_to_2(const T& x) {
  if constexpr (elementary_float::number<T>) {
    return elementary_float::log1p_to_2(x);
  } else {
    return elementary::log1p(x);
  }
}

}  // namespace dynamicpo::inline v1::detail::elementary
