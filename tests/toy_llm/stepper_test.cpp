// SPDX-License-Identifier: MIT
#include "toy_llm/stepper.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "support/catch.hpp"

using toy_llm::adamw;
using toy_llm::step_rule;
using toy_llm::stepper;

namespace {

using vector = std::vector<double>;

double norm(const vector& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

vector gradient_of(std::size_t step) { return {3.0 + static_cast<double>(step), -4.0, 0.5}; }

vector difference(const vector& a, const vector& b) {
  vector result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}

}  // namespace

TEST_CASE("stepper: plain steps are AdamW's to the last bit, and measuring them changes nothing") {
  vector expected{1, 2, 3}, plain = expected, measured = expected;
  adamw<double> reference{3, {.learning_rate = .1}};
  stepper<double> one{3, step_rule::adamw, .1, false}, other{3, step_rule::adamw, .1, true};
  double gradients = 0, updates = 0;
  for (std::size_t step = 0; step < 4; ++step) {
    const vector before = expected;
    vector a = gradient_of(step), b = a, c = a;
    gradients += norm(a) / 4;
    reference.step(expected, a);
    updates += norm(difference(expected, before)) / 4;
    one.step(plain, b);
    other.step(measured, c);
    REQUIRE(plain == expected);
    REQUIRE(measured == expected);
    REQUIRE(c == vector{0, 0, 0});
  }
  REQUIRE(std::isnan(one.take_norms().gradient));
  const toy_llm::step_norms norms = other.take_norms();
  REQUIRE(std::abs(norms.gradient - gradients) <= 1e-14);
  REQUIRE(std::abs(norms.update - updates) <= 1e-14);
  REQUIRE(std::isnan(other.take_norms().update));
}

TEST_CASE("stepper: with unit gradients only their directions count") {
  vector expected{1, 2, 3}, scaled = expected;
  adamw<double> reference{3, {.learning_rate = .1}};
  stepper<double> unit{3, step_rule::unit_gradient, .1, true};
  double size = 1;
  for (std::size_t step = 0; step < 4; ++step) {
    vector direction = gradient_of(step), strong = direction;
    const double length = norm(direction);
    for (double& value : direction) value /= length;
    for (double& value : strong) value *= size;
    size *= 100;
    reference.step(expected, direction);
    unit.step(scaled, strong);
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(std::abs(scaled[i] - expected[i]) <= 1e-12);
  }
  // Norms are of the gradients as they came.
  REQUIRE(unit.take_norms().gradient > 1e5);
}

TEST_CASE("stepper: steps of one length go where AdamW goes") {
  vector expected{1, 2, 3}, moved = expected;
  stepper<double> fixed{3, step_rule::fixed_length, .25, true};
  adamw<double> reference{3, {.learning_rate = .1}};
  for (std::size_t step = 0; step < 4; ++step) {
    const vector before = moved, start = expected;
    vector a = gradient_of(step), b = a;
    reference.step(expected, a);
    fixed.step(moved, b);
    const vector mine = difference(moved, before), theirs = difference(expected, start);
    REQUIRE(std::abs(norm(mine) - .25) <= 1e-12);
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(std::abs(mine[i] / .25 - theirs[i] / norm(theirs)) <= 1e-9);
  }
  REQUIRE(fixed.take_norms().update == .25);
}

TEST_CASE("stepper: no gradient, no step, under any rule") {
  for (const step_rule rule : {step_rule::adamw, step_rule::unit_gradient, step_rule::fixed_length}) {
    vector parameters{1, 2}, gradient{0, 0};
    stepper<double> still{2, rule, .1, true};
    still.step(parameters, gradient);
    REQUIRE(parameters == vector{1, 2});
    REQUIRE(still.take_norms().update == 0);
  }
}
