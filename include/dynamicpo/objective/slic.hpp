// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// max(0, target - mean of beta_i (rho_w - rho_i)). Source: SLiC-HF, arXiv 2305.10425 (one negative; the mean over
/// several is ours).
constexpr composed<margin::log_ratio, aggregate::mean, link::hinge> slic(double target = 1.0) {
  return {.link = {.target = target}};
}

}  // namespace dynamicpo::inline v1::objective
