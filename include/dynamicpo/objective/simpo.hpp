// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// softplus(-(mean of beta_i (s_w - s_i) - target)), no reference; SimPO scores are length-normalised: give it
/// `scores::with_lengths`. Source: SimPO, arXiv 2405.14734, eq. 6 (one negative; the mean over several is ours).
constexpr composed<margin::score_difference, aggregate::mean, link::logistic> simpo(double target) {
  return {.margin = {.target_margin = target}};
}

}  // namespace dynamicpo::inline v1::objective
