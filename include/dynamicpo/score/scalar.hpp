// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>
#include <type_traits>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"

namespace dynamicpo::inline v1 {

/// How a number type takes part. Specialise for a type of your own.
///   compute      what storage is widened to before any arithmetic (float for 16-bit storage)
///   accumulator  what sums over negatives and rows are held in (double for float)
///   detach(x)    x as a constant: an autodiff scalar drops its derivative (beta and selection are constants)
template <class T>
struct scalar_traits {
  using compute = T;
  using accumulator = T;
  DYNAMICPO_HD static constexpr T detach(const T& x) { return x; }
};

template <>
struct scalar_traits<float> {
  using compute = float;
  using accumulator = double;
  DYNAMICPO_HD static constexpr float detach(float x) { return x; }
};

/// 16-bit floating storage (half and bfloat16 of any library): computed in float.
template <class T>
  requires(sizeof(T) == 2 && !std::integral<T> && requires(T narrow, float wide) {
    static_cast<float>(narrow);
    static_cast<T>(wide);
  })
struct scalar_traits<T> : scalar_traits<float> {};

/// Numbers side by side, each as it is alone.
template <class T, std::size_t Count, std::size_t Bytes>
struct scalar_traits<detail::lanes<T, Count, Bytes>> {
  using compute = detail::lanes<T, Count, Bytes>;
  using accumulator = detail::lanes<typename scalar_traits<T>::accumulator, Count, Bytes>;
  DYNAMICPO_INLINE static const compute& detach(const compute& x) { return x; }
};

template <class T>
using compute_of = typename scalar_traits<std::remove_cv_t<T>>::compute;
template <class T>
using accumulator_of = typename scalar_traits<std::remove_cv_t<T>>::accumulator;

/// A number the formulas can be written over: float, double, autodiff and multiprecision types. Beyond these
/// operations, exp, log, tanh, abs and isfinite are found in std or by argument-dependent lookup; log1p likewise,
/// with a fallback.
template <class T>
concept scalar =
    !std::integral<T> && std::copyable<T> && std::constructible_from<T, double> && requires(T a, const T b) {
      { a + b } -> std::convertible_to<T>;
      { a - b } -> std::convertible_to<T>;
      { a * b } -> std::convertible_to<T>;
      { a / b } -> std::convertible_to<T>;
      { -b } -> std::convertible_to<T>;
      { b < b } -> std::convertible_to<bool>;
      { b == b } -> std::convertible_to<bool>;
      a += b;
    };

/// What memory may hold: a scalar, or storage that widens to one.
template <class T>
concept score_value = scalar<compute_of<T>>;

}  // namespace dynamicpo::inline v1
