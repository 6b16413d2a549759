// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "dynamicpo/beta/concept.hpp"
#include "dynamicpo/beta/dual_margin.hpp"
#include "dynamicpo/beta/fixed.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/select/all.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1 {

/// Which negatives enter (select), how strongly (beta), and what their margins make (objective).
template <class Select, class Beta, class Objective>
struct pipeline {
  using select_type = Select;
  using beta_type = Beta;
  using objective_type = Objective;

  Select select{};
  Beta beta{};
  Objective objective{};
};

template <class Select, class Beta, class Objective>
pipeline(Select, Beta, Objective) -> pipeline<Select, Beta, Objective>;

/// The objective as published: every negative, one beta.
template <class Objective>
constexpr auto vanilla(Objective objective, double beta = 1.0) {
  return pipeline{select::all{}, beta::fixed{.base = beta}, objective};
}

/// Its DynamicPO form: the boundary, with dual-margin beta. Source: arXiv 2605.00327.
template <class Objective>
constexpr auto dynamic(Objective objective, beta::dual_margin beta = {}) {
  return pipeline{select::boundary{}, beta, objective};
}

}  // namespace dynamicpo::inline v1
