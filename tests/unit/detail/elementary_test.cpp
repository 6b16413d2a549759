// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/elementary.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/softplus.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/ulps.hpp"

namespace detail = dynamicpo::detail;
namespace elementary = dynamicpo::detail::elementary;

using test_support::digits50;
using test_support::ulps;
using test_support::worst;

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

namespace {

/// Any number at all, any exponent equally often.
template <class T>
T any_bits(dynamicpo::sample::philox_engine& random) {
  const std::uint64_t high = random(), low = random();
  return std::bit_cast<T>(static_cast<std::make_unsigned_t<detail::bits_of<T>>>(high << 32 | low));
}

/// The largest error over [low, high]: numbers of every size, numbers spread evenly, and those around every step of
/// the argument's reduction.
template <class T, class Function, class Exact>
double worst_error(T low, T high, const Function& function, const Exact& exact) {
  worst found;
  const auto visit = [&](T x) {
    if (low <= x && x <= high) { found.note(ulps(function(x), exact(digits50(x)))); }
  };
  dynamicpo::sample::philox_engine random{7};
  for (int i = 0; i < 12000; ++i) {
    visit(any_bits<T>(random));
    visit(static_cast<T>(4 * random.uniform() - 2));
    visit(static_cast<T>(100 * random.uniform() - 50));
    visit(static_cast<T>(1500 * random.uniform() - 750));
    visit(static_cast<T>(1 + (random.uniform() - 0.5) * std::exp2(-50 * random.uniform())));
    visit(static_cast<T>((random.uniform() - 0.5) * std::exp2(-50 * random.uniform())));
  }
  for (int i = -2200; i <= 2200; ++i) {
    const T step = static_cast<T>(0.34657359027997265 * i);
    visit(std::nextafter(step, T(0)));
    visit(step);
    visit(std::nextafter(step, 2 * step));
  }
  return found.value;
}

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T least = std::numeric_limits<T>::denorm_min();
template <class T>
constexpr T greatest = std::numeric_limits<T>::max();

template <class T>
bool same(T a, T b) {
  return a == b ? std::signbit(a) == std::signbit(b) : std::isnan(a) && std::isnan(b);
}

}  // namespace

TEMPLATE_TEST_CASE("elementary functions against 50 digits over the whole range", "", float, double) {
  using T = TestType;
  // Where exp neither overflows nor rounds to 0; beyond it the next test looks.
  const T deepest = std::is_same_v<T, float> ? T(-103.9) : T(-745.1);
  const T highest = std::is_same_v<T, float> ? T(88.72) : T(709.78);
  const auto exp_error = worst_error<T>(deepest, highest, elementary::exp<T>, [](const digits50& x) { return exp(x); });
  const auto log_error =
      worst_error<T>(least<T>, greatest<T>, elementary::log<T>, [](const digits50& x) { return log(x); });
  const auto log1p_error = worst_error<T>(std::nextafter(T(-1), T(0)), greatest<T>, elementary::log1p<T>,
                                          [](const digits50& x) { return log1p(x); });
  const auto tanh_error = worst_error<T>(-greatest<T>, greatest<T>, elementary::tanh<T>, [](const digits50& x) {
    const digits50 d = expm1(2 * (abs(x) < 100 ? digits50(abs(x)) : digits50(100)));
    return digits50((x < 0 ? -d : d) / (d + 2));
  });
  CAPTURE(exp_error, log_error, log1p_error, tanh_error);
  REQUIRE(exp_error <= 1.1);
  REQUIRE(log_error <= 1.1);
  REQUIRE(log1p_error <= 1.6);
  REQUIRE(tanh_error <= 2.7);
}

TEMPLATE_TEST_CASE("elementary functions at the ends and at their exact values", "", float, double) {
  using T = TestType;
  REQUIRE(elementary::exp(T(0)) == 1);
  REQUIRE(elementary::exp(T(-0.0)) == 1);
  REQUIRE(elementary::exp(least<T>) == 1);
  REQUIRE(elementary::exp(infinity<T>) == infinity<T>);
  REQUIRE(elementary::exp(greatest<T>) == infinity<T>);
  REQUIRE(same(elementary::exp(-infinity<T>), T(0)));
  REQUIRE(same(elementary::exp(-greatest<T>), T(0)));
  REQUIRE(std::isnan(elementary::exp(not_a_number<T>)));

  REQUIRE(same(elementary::log(T(1)), T(0)));
  REQUIRE(elementary::log(T(0)) == -infinity<T>);
  REQUIRE(elementary::log(T(-0.0)) == -infinity<T>);
  REQUIRE(elementary::log(infinity<T>) == infinity<T>);
  REQUIRE(std::isnan(elementary::log(-least<T>)));
  REQUIRE(std::isnan(elementary::log(-infinity<T>)));
  REQUIRE(std::isnan(elementary::log(not_a_number<T>)));

  for (const T x : {T(0), least<T>, std::numeric_limits<T>::min(), 3 * std::numeric_limits<T>::min()}) {
    REQUIRE(same(elementary::log1p(x), x));
    REQUIRE(same(elementary::log1p(-x), -x));
    REQUIRE(same(elementary::tanh(x), x));
    REQUIRE(same(elementary::tanh(-x), -x));
  }
  REQUIRE(elementary::log1p(T(-1)) == -infinity<T>);
  REQUIRE(elementary::log1p(infinity<T>) == infinity<T>);
  REQUIRE(std::isnan(elementary::log1p(std::nextafter(T(-1), T(-2)))));
  REQUIRE(std::isnan(elementary::log1p(-infinity<T>)));
  REQUIRE(std::isnan(elementary::log1p(not_a_number<T>)));

  REQUIRE(elementary::tanh(infinity<T>) == 1);
  REQUIRE(elementary::tanh(-infinity<T>) == -1);
  REQUIRE(elementary::tanh(greatest<T>) == 1);
  REQUIRE(std::isnan(elementary::tanh(not_a_number<T>)));

  REQUIRE(same(elementary::abs(T(-0.0)), T(0)));
  REQUIRE(elementary::abs(-infinity<T>) == infinity<T>);
  REQUIRE(elementary::isfinite(-greatest<T>));
  REQUIRE_FALSE(elementary::isfinite(-infinity<T>));
  REQUIRE_FALSE(elementary::isfinite(not_a_number<T>));
}

TEMPLATE_TEST_CASE("raised_decay is e^x above its own range of 0, and 0 below", "", float, double) {
  using T = TestType;
  using format = detail::elementary_float::format<T>;
  const auto raised = [](T x) { return detail::elementary_float::raised_decay(x, format::raised_least); };
  const digits50 by = 1 / digits50(format::halved);
  const T lowest = std::is_same_v<T, float> ? T(-131.6) : T(-1063.3);  // n = -190, -1534
  const auto error =
      worst_error<T>(lowest, format::half_range / 2, raised, [&](const digits50& x) { return digits50(exp(x) * by); });
  REQUIRE(error <= 2.3);
  for (const T x : {format::raised_least, 2 * format::raised_least, T(-1e30), -greatest<T>, -infinity<T>}) {
    REQUIRE(same(raised(x), T(0)));
  }
  REQUIRE(std::isnan(raised(not_a_number<T>)));
}

TEST_CASE("exp overflows and vanishes where it must, by way of the denormal numbers") {
  const auto check = [](auto overflows, auto vanishes) {
    using T = decltype(overflows);
    REQUIRE(elementary::exp(overflows) == infinity<T>);
    REQUIRE(elementary::exp(std::nextafter(overflows, T(0))) <= greatest<T>);
    REQUIRE(elementary::exp(vanishes) == 0);
    REQUIRE(elementary::exp(std::nextafter(vanishes, T(0))) == least<T>);
  };
  check(0x1.62e430p6F, -0x1.9fe36ap6F);
  check(0x1.62e42fefa39f0p9, -0x1.74910d52d3052p9);
}

TEMPLATE_TEST_CASE("tanh is odd and never leaves [-1, 1]; exp of what is not positive is at most 1", "", float,
                   double) {
  dynamicpo::sample::philox_engine random{3};
  for (int i = 0; i < 100000; ++i) {
    const auto x = i % 2 == 0 ? any_bits<TestType>(random) : static_cast<TestType>(12 * random.uniform());
    if (std::isnan(x)) { continue; }
    const TestType found = elementary::tanh(x);
    REQUIRE((same(elementary::tanh(-x), -found) && std::abs(found) <= 1));
    REQUIRE(elementary::exp(-std::abs(x)) <= 1);
  }
}

TEMPLATE_TEST_CASE("a number in a lane has the bits that it has alone", "", (detail::lanes<float, 4, 16>),
                   (detail::lanes<float, 16, 16>), (detail::lanes<float, 16, 32>), (detail::lanes<float, 16, 64>),
                   (detail::lanes<double, 2, 16>), (detail::lanes<double, 8, 32>), (detail::lanes<double, 16, 32>)) {
  using T = typename TestType::element;
  std::array<T, TestType::count> numbers{}, alone{}, side_by_side{};
  dynamicpo::sample::philox_engine random{5};
  const auto check = [&](const auto& function) {
    for (std::size_t i = 0; i < numbers.size(); ++i) { alone[i] = function(numbers[i]); }
    function(TestType::load(numbers.data())).store(side_by_side.data());
    for (std::size_t i = 0; i < numbers.size(); ++i) { REQUIRE(same(alone[i], side_by_side[i])); }
  };
  for (int round = 0; round < 2000; ++round) {
    for (T& number : numbers) {
      number = random.below(2) == 0 ? any_bits<T>(random) : static_cast<T>(20 * random.uniform() - 10);
    }
    if (round == 0) { numbers[0] = 0, numbers[1] = -infinity<T>; }
    check([](const auto& x) { return elementary::exp(x); });
    check([](const auto& x) { return elementary::log(x); });
    check([](const auto& x) { return elementary::log1p(x); });
    check([](const auto& x) { return elementary::tanh(x); });
    check([](const auto& x) { return elementary::abs(x); });
    check([](const auto& x) { return detail::softplus(x); });
    check([](const auto& x) { return detail::logistic(x); });
    const auto finite = elementary::isfinite(TestType::load(numbers.data()));
    for (std::size_t i = 0; i < numbers.size(); ++i) { REQUIRE((finite[i] != 0) == std::isfinite(numbers[i])); }
  }
}

TEST_CASE("elementary functions of float and double are constant expressions") {
  STATIC_REQUIRE(elementary::exp(0.0) == 1);
  STATIC_REQUIRE(elementary::log(1.0F) == 0);
  STATIC_REQUIRE(elementary::tanh(-30.0) == -1);
  STATIC_REQUIRE(detail::logistic(0.0F) == 0.5F);
}

TEST_CASE("elementary functions of long double are std's") {
  const long double x = -0.7L;
  STATIC_REQUIRE(std::is_same_v<decltype(elementary::exp(x)), long double>);
  REQUIRE(elementary::exp(x) == std::exp(x));
  REQUIRE(elementary::log(-x) == std::log(-x));
  REQUIRE(elementary::log1p(x) == std::log1p(x));
  REQUIRE(elementary::tanh(x) == std::tanh(x));
  REQUIRE(elementary::abs(x) == -x);
  REQUIRE(elementary::isfinite(x));
  REQUIRE_FALSE(elementary::isfinite(std::numeric_limits<long double>::infinity()));
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
  for (const double x : {1.0, 0.3, 1e-3, 1e-9, 1e-15, 1e-17, 1e-300}) {
    REQUIRE(std::abs(elementary::log1p(strangers::number{x}).value / std::log1p(x) - 1) <= 1e-15);
  }
}
