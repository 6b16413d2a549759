// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/elementary.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "support/catch.hpp"

namespace elementary = dynamicpo::detail::elementary;

namespace strangers {

/// A number type with functions of its own, found by argument-dependent lookup, and without log1p.
struct number {
  double value = 0;
  explicit number(double v) : value{v} {}
  friend number operator+(number a, number b) { return number{a.value + b.value}; }
  friend number operator-(number a, number b) { return number{a.value - b.value}; }
  friend number operator-(number a) { return number{-a.value}; }
  friend number operator*(number a, number b) { return number{a.value * b.value}; }
  friend number operator/(number a, number b) { return number{a.value / b.value}; }
  friend bool operator<(number a, number b) { return a.value < b.value; }
  friend bool operator==(number a, number b) { return a.value == b.value; }
  friend number exp(number a) { return number{std::exp(a.value)}; }
  friend number log(number a) { return number{std::log(a.value)}; }
  friend number tanh(number a) { return number{std::tanh(a.value)}; }
  friend bool isfinite(number a) { return std::isfinite(a.value); }
};

}  // namespace strangers

TEMPLATE_TEST_CASE("elementary functions of built-in types are std's, in their own type", "", float, double,
                   long double) {
  const TestType x = TestType(-0.7);
  STATIC_REQUIRE(std::is_same_v<decltype(elementary::exp(x)), TestType>);
  REQUIRE(elementary::exp(x) == std::exp(x));
  REQUIRE(elementary::log(-x) == std::log(-x));
  REQUIRE(elementary::log1p(x) == std::log1p(x));
  REQUIRE(elementary::tanh(x) == std::tanh(x));
  REQUIRE(elementary::abs(x) == -x);
  REQUIRE(elementary::abs(-x) == -x);
  REQUIRE(elementary::isfinite(x));
  REQUIRE_FALSE(elementary::isfinite(std::numeric_limits<TestType>::infinity()));
  REQUIRE_FALSE(elementary::isfinite(std::numeric_limits<TestType>::quiet_NaN()));
}

TEST_CASE("elementary functions of a stranger's type are its own") {
  const strangers::number x{-0.7};
  REQUIRE(elementary::exp(x).value == std::exp(-0.7));
  REQUIRE(elementary::log(strangers::number{0.7}).value == std::log(0.7));
  REQUIRE(elementary::tanh(x).value == std::tanh(-0.7));
  REQUIRE(elementary::abs(x).value == 0.7);
  REQUIRE_FALSE(elementary::isfinite(strangers::number{std::numeric_limits<double>::infinity()}));
}

TEST_CASE("log1p of a type without one keeps full relative accuracy near 0") {
  STATIC_REQUIRE_FALSE(elementary::lookup::has_log1p<strangers::number>);
  STATIC_REQUIRE(elementary::lookup::has_log1p<float>);
  for (const double x : {1.0, 0.3, 1e-3, 1e-9, 1e-15, 1e-17, 1e-300}) {
    REQUIRE(std::abs(elementary::log1p(strangers::number{x}).value / std::log1p(x) - 1) <= 1e-15);
  }
}
