// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <concepts>

#include "dynamicpo/config.hpp"

namespace dynamicpo::inline v1::detail {

/// An unevaluated sum of two doubles, about 106 bits; for sums that cancel. Not for -ffast-math.
/// Source: Dekker, "A floating-point technique for extending the available precision", 1971; Knuth's two-sum.
struct double_double {
  double high = 0.0;
  double low = 0.0;

  constexpr double_double() = default;
  DYNAMICPO_HD constexpr explicit double_double(double value) noexcept : high{value} {}
  DYNAMICPO_HD constexpr double_double(double sum, double error) noexcept : high{sum + error}, low{error - (high - sum)} {}

  DYNAMICPO_HD constexpr explicit operator double() const noexcept { return high + low; }
};

DYNAMICPO_HD constexpr double_double two_sum(double a, double b) noexcept {
  const double sum = a + b, moved = sum - a;
  return {sum, (a - (sum - moved)) + (b - moved)};
}
DYNAMICPO_HD inline double_double two_product(double a, double b) noexcept {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

DYNAMICPO_HD constexpr double_double operator-(const double_double& a) noexcept { return {-a.high, -a.low}; }
DYNAMICPO_HD constexpr double_double operator+(const double_double& a, const double_double& b) noexcept {
  const double_double high = two_sum(a.high, b.high);
  const double_double low = two_sum(a.low, b.low);
  const double_double sum{high.high, high.low + low.high};
  return {sum.high, sum.low + low.low};
}
DYNAMICPO_HD constexpr double_double operator-(const double_double& a, const double_double& b) noexcept { return a + -b; }
DYNAMICPO_HD inline double_double operator*(const double_double& a, const double_double& b) noexcept {
  const double_double product = two_product(a.high, b.high);
  return {product.high, product.low + (a.high * b.low + a.low * b.high)};
}
DYNAMICPO_HD inline double_double operator/(const double_double& a, const double_double& b) noexcept {
  const double quotient = a.high / b.high;
  const double_double rest = a - double_double{quotient} * b;
  return {quotient, rest.high / b.high};
}

/// What sums that cancel are held in: twice the digits of double, the type itself otherwise.
template <class T>
struct wide {
  using type = T;
};
template <>
struct wide<double> {
  using type = double_double;
};
template <class T>
using wide_of = typename wide<T>::type;

}  // namespace dynamicpo::inline v1::detail
