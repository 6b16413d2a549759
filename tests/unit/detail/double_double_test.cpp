// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/double_double.hpp"

#include <cmath>
#include <type_traits>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

using dynamicpo::detail::double_double;

namespace {

/// Random sign, 53 random bits, scale 2^-20 to 2^20.
double any(dynamicpo::sample::philox_engine& random) {
  const double x = random.uniform() - 0.5;
  return std::ldexp(x, static_cast<int>(random.below(41)) - 20);
}

}  // namespace

TEST_CASE("two_sum and two_product are exact") {
  dynamicpo::sample::philox_engine random{1};
  for (int i = 0; i < 1000; ++i) {
    const double a = any(random), b = any(random);
    const double_double sum = dynamicpo::detail::two_sum(a, b), product = dynamicpo::detail::two_product(a, b);
    REQUIRE(sum.high == a + b);
    // Taking the terms away again leaves nothing: each step is exact.
    const double_double rest = sum - double_double{a} - double_double{b};
    REQUIRE(rest.high == 0);
    REQUIRE(rest.low == 0);
    REQUIRE(product.high == a * b);
    REQUIRE(product.low == std::fma(a, b, -(a * b)));
  }
}

TEST_CASE("double_double keeps what double loses") {
  // (1e16 + 1) - 1e16, and (1 + 2^-60)^2 - 1 = 2^-59 + 2^-120.
  REQUIRE(static_cast<double>(double_double{1e16} + double_double{1.0} - double_double{1e16}) == 1.0);
  const double_double near_one = double_double{1.0} + double_double{0x1p-60};
  REQUIRE(static_cast<double>(near_one * near_one - double_double{1.0}) == 0x1p-59);
  REQUIRE(static_cast<double>(-near_one + double_double{1.0}) == -0x1p-60);
}

TEST_CASE("double_double sums, products and quotients to about 100 bits") {
  dynamicpo::sample::philox_engine random{2};
  const auto value = [&] { return double_double{any(random)} + double_double{any(random) * 0x1p-50}; };
  for (int i = 0; i < 1000; ++i) {
    const double_double a = value(), b = value(), c = value();
    const auto size = [](const double_double& x) { return std::abs(static_cast<double>(x)); };
    REQUIRE(size(a / b * b - a) <= 0x1p-99 * size(a));
    REQUIRE(size((a + b) * c - (a * c + b * c)) <= 0x1p-99 * (size(a * c) + size(b * c)));
    REQUIRE(size(a * b - b * a) == 0);
  }
}

TEST_CASE("wide_of doubles the digits of double alone") {
  STATIC_REQUIRE(std::is_same_v<dynamicpo::detail::wide_of<double>, double_double>);
  STATIC_REQUIRE(std::is_same_v<dynamicpo::detail::wide_of<float>, float>);
  STATIC_REQUIRE(std::is_same_v<dynamicpo::detail::wide_of<long double>, long double>);
}
