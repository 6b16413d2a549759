// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "dynamicpo/score/scalar.hpp"

namespace dynamicpo::inline v1 {
namespace beta {

/// What a beta rule sees of one selected negative: policy scores, and the mean score of the negatives that were not
/// selected (of the selected ones when none is left), in the precision of sums: far from 0 it lies between scores.
template <class T>
struct context {
  T chosen;
  T rejected;
  accumulator_of<T> mean_rest;
};

}  // namespace beta

/// A beta rule maps one selected negative to its beta_i, a constant to the gradient.
/// `needs_rest` says whether mean_rest is read (it is not computed otherwise).
template <class Rule, class T>
concept beta_rule = std::copyable<Rule> && requires(const Rule& rule, const beta::context<T>& context) {
  { rule(context) } -> std::convertible_to<T>;
  { Rule::needs_rest } -> std::convertible_to<bool>;
};

}  // namespace dynamicpo::inline v1
