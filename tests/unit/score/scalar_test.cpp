// SPDX-License-Identifier: MIT
#include "dynamicpo/score/scalar.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

/// bfloat16 by truncation: 16-bit storage of any library.
struct brain_float {
  std::uint16_t bits = 0;
  brain_float() = default;
  explicit brain_float(float x) : bits{static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16)} {}
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

/// A value and its derivative along one direction: forward-mode differentiation.
struct dual {
  double value = 0, slope = 0;
  dual() = default;
  explicit dual(double v, double s = 0) : value{v}, slope{s} {}
  dual& operator+=(const dual& b) { return *this = *this + b; }
  friend dual operator+(const dual& a, const dual& b) { return dual{a.value + b.value, a.slope + b.slope}; }
  friend dual operator-(const dual& a, const dual& b) { return dual{a.value - b.value, a.slope - b.slope}; }
  friend dual operator-(const dual& a) { return dual{-a.value, -a.slope}; }
  friend dual operator*(const dual& a, const dual& b) {
    return dual{a.value * b.value, a.value * b.slope + a.slope * b.value};
  }
  friend dual operator/(const dual& a, const dual& b) {
    return dual{a.value / b.value, (a.slope - a.value / b.value * b.slope) / b.value};
  }
  friend bool operator<(const dual& a, const dual& b) { return a.value < b.value; }
  friend bool operator==(const dual& a, const dual& b) { return a.value == b.value; }
  friend dual exp(const dual& a) { return dual{std::exp(a.value), std::exp(a.value) * a.slope}; }
  friend dual log(const dual& a) { return dual{std::log(a.value), a.slope / a.value}; }
  friend dual log1p(const dual& a) { return dual{std::log1p(a.value), a.slope / (1 + a.value)}; }
  friend dual tanh(const dual& a) {
    const double t = std::tanh(a.value);
    return dual{t, (1 - t * t) * a.slope};
  }
  friend bool isfinite(const dual& a) { return std::isfinite(a.value); }
};

}  // namespace

template <>
struct dynamicpo::scalar_traits<dual> {
  using compute = dual;
  using accumulator = dual;
  static dual detach(const dual& x) { return dual{x.value}; }
};

TEST_CASE("scalar_traits: 16-bit storage computes in float, float accumulates in double") {
  STATIC_REQUIRE(std::is_same_v<po::compute_of<float>, float>);
  STATIC_REQUIRE(std::is_same_v<po::accumulator_of<float>, double>);
  STATIC_REQUIRE(std::is_same_v<po::compute_of<const double>, double>);
  STATIC_REQUIRE(std::is_same_v<po::accumulator_of<double>, double>);
  STATIC_REQUIRE(std::is_same_v<po::compute_of<brain_float>, float>);
  STATIC_REQUIRE(std::is_same_v<po::accumulator_of<brain_float>, double>);
  REQUIRE(po::scalar_traits<double>::detach(1.5) == 1.5);
}

TEST_CASE("scalar: numbers the formulas work on, and nothing else") {
  STATIC_REQUIRE(po::scalar<float>);
  STATIC_REQUIRE(po::scalar<long double>);
  STATIC_REQUIRE(po::scalar<dual>);
  STATIC_REQUIRE_FALSE(po::scalar<int>);
  STATIC_REQUIRE_FALSE(po::scalar<brain_float>);
  STATIC_REQUIRE_FALSE(po::scalar<std::unique_ptr<double>>);
  STATIC_REQUIRE(po::score_value<brain_float>);
  STATIC_REQUIRE(po::score_value<const double>);
  STATIC_REQUIRE_FALSE(po::score_value<std::int16_t>);
}

TEST_CASE("16-bit storage gives what its values give in float, with gradients stored in 16 bits") {
  const auto exact = test_support::random_batch<float>(5, 9, 6);
  test_support::table<brain_float> narrow;
  test_support::table<float> widened;
  for (const float x : exact.policy.chosen) { narrow.chosen.emplace_back(x); }
  for (const float x : exact.policy.rejected) { narrow.rejected.emplace_back(x); }
  for (const brain_float x : narrow.chosen) { widened.chosen.push_back(static_cast<float>(x)); }
  for (const brain_float x : narrow.rejected) { widened.rejected.push_back(static_cast<float>(x)); }

  const auto pipeline = po::dynamic(po::objective::sdpo);
  const auto stored = test_support::evaluate(pipeline, std::as_const(narrow).view(), po::reference_free);
  const auto computed = test_support::evaluate(pipeline, std::as_const(widened).view(), po::reference_free);
  REQUIRE(test_support::same_bits(stored.row_loss, computed.row_loss));
  REQUIRE(test_support::same_bits(stored.beta, computed.beta));
  for (std::size_t i = 0; i < computed.gradient.rejected.size(); ++i) {
    REQUIRE(stored.gradient.rejected[i].bits == brain_float(computed.gradient.rejected[i]).bits);
  }
}

TEST_CASE("a scalar of one's own: the derivative it carries is the gradient, beta and selection being constants") {
  const auto batch = test_support::random_batch<double>(11, 4, 5);
  test_support::for_each_objective([&](const char* name, const auto& objective) {
    CAPTURE(name);
    const auto pipeline = po::dynamic(objective);
    const auto policy = batch.policy.view();
    const auto found = test_support::evaluate(pipeline, policy, batch.reference.view());
    test_support::table<dual> seeded, reference;
    for (const double x : batch.policy.chosen) { seeded.chosen.emplace_back(x); }
    for (const double x : batch.policy.rejected) { seeded.rejected.emplace_back(x); }
    for (const double x : batch.reference.chosen) { reference.chosen.emplace_back(x); }
    for (const double x : batch.reference.rejected) { reference.rejected.emplace_back(x); }
    const auto slope_along = [&](dual& seed) {
      seed.slope = 1;
      const auto loss =
          po::loss(po::exec::seq, pipeline, seeded.view(), reference.view(), {.reduction = po::reduction::sum}).loss;
      seed.slope = 0;
      REQUIRE(std::abs(loss.value - found.result.loss) <= 1e-12);
      return loss.slope;
    };
    for (std::size_t b = 0; b < seeded.chosen.size(); ++b) {
      REQUIRE(std::abs(slope_along(seeded.chosen[b]) - found.gradient.chosen[b]) <= 1e-12);
    }
    for (std::size_t i = 0; i < seeded.rejected.size(); ++i) {
      REQUIRE(std::abs(slope_along(seeded.rejected[i]) - found.gradient.rejected[i]) <= 1e-12);
    }
  });
}
