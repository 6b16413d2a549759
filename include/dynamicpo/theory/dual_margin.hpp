// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <string>

#include "dynamicpo/beta/dual_margin.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/objective/aggregate.hpp"

/// What dual-margin beta does whatever the data are. Proofs: docs/derivations/dual_margin.md, docs/theory.md.
namespace dynamicpo::inline v1::theory {

struct interval {
  double lower, upper;
};

/// Of any negative: beta (1 - alpha) <= beta_i <= beta (1 + alpha).
inline interval beta_bounds(const beta::dual_margin& rule) {
  const double reach = rule.base * std::abs(rule.alpha);
  return {rule.base - reach, rule.base + reach};
}

/// Of a violator, with gamma >= 0 and negatives left out of the boundary: beta (1 - alpha) <= beta_i <= beta (1 - alpha
/// tanh 1), half to .619 of beta at alpha = 1/2. \throws std::invalid_argument for gamma < 0 or alpha outside [0, 1],
/// of which it is not true.
inline interval violator_beta_bounds(const beta::dual_margin& rule) {
  if (!(rule.gamma >= 0 && rule.alpha >= 0 && rule.alpha <= 1)) {
    detail::throw_invalid("theory::violator_beta_bounds", "gamma is " + std::to_string(rule.gamma) + ", alpha " +
                                                              std::to_string(rule.alpha) +
                                                              ", expected gamma >= 0 and alpha in [0, 1]");
  }
  return {rule.base * (1 - rule.alpha), rule.base * (1 - rule.alpha * std::tanh(1.0))};
}

/// beta_i of a violator in closed form: beta (1 - alpha tanh(1 + gamma / (2 s_i - s_w - mean_D))).
inline double violator_beta(const beta::dual_margin& rule, double chosen, double rejected, double mean_rest) {
  return rule.base * (1 - rule.alpha * std::tanh(1 + rule.gamma / ((rejected - chosen) + (rejected - mean_rest))));
}

/// |dL/ds_i| of each of n violators, with negatives left out of the boundary, when margins are differences of scores
/// (no reference, or one that ranks alike): all margins are at most 0, so sigma(-z) is at least 1/2 and no row with
/// violators is saturated in its DynamicPO form.
inline interval violator_gradient_bounds(const aggregate::mean&, const beta::dual_margin& rule, std::size_t n) {
  const interval beta = violator_beta_bounds(rule);
  const auto count = static_cast<double>(n);
  return {beta.lower / (2 * count), beta.upper / count};
}
inline interval violator_gradient_bounds(const aggregate::sum&, const beta::dual_margin& rule, std::size_t) {
  const interval beta = violator_beta_bounds(rule);
  return {beta.lower / 2, beta.upper};
}
/// S-DPO: the gradients of all n together; each has its softmax share.
inline interval violator_gradient_bounds(const aggregate::soft_minimum&, const beta::dual_margin& rule, std::size_t n) {
  const interval beta = violator_beta_bounds(rule);
  const auto count = static_cast<double>(n);
  return {beta.lower * count / (count + 1), beta.upper};
}

}  // namespace dynamicpo::inline v1::theory
