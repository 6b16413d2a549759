// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

namespace toy_llm {

struct adamw_options {
  double learning_rate = 1e-3;
  double weight_decay = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

/// Adam with decoupled weight decay (Loshchilov, Hutter, arXiv 1711.05101). Step t, with gradient g:
///   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2,
///   p = (1 - learning_rate weight_decay) p - learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon).
template <std::floating_point Scalar>
class adamw {
 public:
  adamw(std::size_t parameters, const adamw_options& options)
      : options_{options},
        first_{array::Zero(static_cast<Eigen::Index>(parameters))},
        second_{array::Zero(static_cast<Eigen::Index>(parameters))} {}

  /// Moves the parameters one step and clears the gradient for the next.
  void step(std::span<Scalar> parameters, std::span<Scalar> gradient) {
    if (std::ssize(parameters) != first_.size() || std::ssize(gradient) != first_.size()) {
      throw std::invalid_argument("toy_llm::adamw::step: expected " + std::to_string(first_.size()) +
                                  " parameters and as many gradients, found " + std::to_string(parameters.size()) +
                                  " and " + std::to_string(gradient.size()));
    }
    decay1_ *= options_.beta1;
    decay2_ *= options_.beta2;
    const auto constant = [](double value) { return static_cast<Scalar>(value); };
    const auto size = std::ssize(parameters);
    Eigen::Map<array> p{parameters.data(), size}, g{gradient.data(), size};
    first_ = constant(options_.beta1) * first_ + constant(1 - options_.beta1) * g;
    second_ = constant(options_.beta2) * second_ + constant(1 - options_.beta2) * g.square();
    p = constant(1 - options_.learning_rate * options_.weight_decay) * p -
        constant(options_.learning_rate / (1 - decay1_)) * first_ /
            (second_.sqrt() * constant(1 / std::sqrt(1 - decay2_)) + constant(options_.epsilon));
    g.setZero();
  }

 private:
  using array = Eigen::Array<Scalar, Eigen::Dynamic, 1>;

  adamw_options options_;
  array first_, second_;
  double decay1_ = 1, decay2_ = 1;
};

}  // namespace toy_llm
