// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "toy_llm/adamw.hpp"

namespace toy_llm {

/// What a gradient makes of the parameters:
///   adamw          AdamW's step
///   unit_gradient  AdamW's step, of the gradient scaled to norm 1: how strong a loss pulls does not count
///   fixed_length   the direction of AdamW's step; the learning rate is its length
enum class step_rule : std::uint8_t { adamw, unit_gradient, fixed_length };

/// L2 norms over all parameters, mean over steps; NaN where they were not measured.
struct step_norms {
  double gradient = std::numeric_limits<double>::quiet_NaN();
  double update = std::numeric_limits<double>::quiet_NaN();
};

/// AdamW under a step rule, without weight decay. A step whose gradient or direction is 0 or not finite is not scaled.
template <std::floating_point Scalar>
class stepper {
 public:
  stepper(std::size_t parameters, step_rule rule, double learning_rate, bool measure)
      : adamw_{parameters, {.learning_rate = rule == step_rule::fixed_length ? direction_rate : learning_rate}},
        rule_{rule},
        length_{learning_rate},
        measure_{measure} {}

  /// Moves the parameters one step and clears the gradient for the next.
  void step(std::span<Scalar> parameters, std::span<Scalar> gradient) {
    if (rule_ == step_rule::adamw && !measure_) return adamw_.step(parameters, gradient);
    const auto at = [](std::span<Scalar> values) {
      return Eigen::Map<column>{values.data(), static_cast<Eigen::Index>(values.size())};
    };
    auto p = at(parameters), g = at(gradient);
    const auto norm = [](const auto& vector) { return static_cast<double>(vector.stableNorm()); };
    const double pull = norm(g);
    if (rule_ == step_rule::unit_gradient && scales(pull)) g *= static_cast<Scalar>(1 / pull);
    before_ = p;
    adamw_.step(parameters, gradient);
    before_ = p - before_;
    double update = norm(before_);
    if (rule_ == step_rule::fixed_length && scales(update)) {
      p -= before_;
      p += before_ * static_cast<Scalar>(length_ / update);
      update = length_;
    }
    gradient_sum_ += pull;
    update_sum_ += update;
    ++steps_;
  }

  /// Of the steps since the last call.
  step_norms take_norms() {
    if (!measure_ || steps_ == 0) return {};
    const step_norms mean{gradient_sum_ / static_cast<double>(steps_), update_sum_ / static_cast<double>(steps_)};
    gradient_sum_ = update_sum_ = 0;
    steps_ = 0;
    return mean;
  }

 private:
  using column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  // Any rate gives the direction; one of the size of the parameters keeps its digits.
  static constexpr double direction_rate = 1e-2;
  static bool scales(double norm) { return norm > 0 && norm <= std::numeric_limits<double>::max(); }

  adamw<Scalar> adamw_;
  step_rule rule_;
  double length_;
  bool measure_;
  column before_;
  double gradient_sum_ = 0, update_sum_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace toy_llm
