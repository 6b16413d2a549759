// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

namespace dynamicpo::inline v1::theory {

/// One row's margins m_i = beta_i (u_w - u_i) become |dL/dm_i|; returns the loss. At least one margin, no more than the
/// objective takes. T: any scalar with a scalar_traits, automatic derivatives and 50 digits included.
template <class Objective, class T>
T weigh_margins(const Objective& objective, std::span<T> margins) {
  if (margins.empty()) { detail::throw_invalid("theory::weigh_margins", "no margin, expected at least one"); }
  const T z = objective.aggregate.reduce(margins);
  const T slope = objective.link.derivative(z);
  for (T& each : margins) { each = detail::elementary::abs(static_cast<T>(slope * each)); }
  return objective.link.value(z);
}

/// Margins become the shares that their negatives have in the row's gradient by utility: share_i = beta_i |dz/dm_i| /
/// sum of beta_j |dz/dm_j|. link'(z) cancels, so a saturated row has shares too. `beta` as long as the margins, or
/// empty for one beta. \throws std::invalid_argument when it is neither.
template <class Objective, class T>
void share_gradient(const Objective& objective, std::span<T> margins, std::span<const T> beta = {}) {
  if (!beta.empty() && beta.size() != margins.size()) {
    detail::throw_invalid("theory::share_gradient",
                          std::to_string(margins.size()) + " margins, " + std::to_string(beta.size()) + " betas");
  }
  if (margins.empty()) { return; }
  objective.aggregate.reduce(margins);
  accumulator_of<T> total(0);
  for (std::size_t i = 0; i < margins.size(); ++i) {
    margins[i] = detail::elementary::abs(margins[i]);
    if (!beta.empty()) { margins[i] = margins[i] * beta[i]; }
    total += accumulator_of<T>(margins[i]);
  }
  for (T& share : margins) { share = static_cast<T>(accumulator_of<T>(share) / total); }
}

}  // namespace dynamicpo::inline v1::theory
