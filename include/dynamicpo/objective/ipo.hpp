// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// (mean of (rho_w - rho_i) - 1 / (2 tau))^2; use it with beta 1, tau takes its place.
/// Source: IPO, arXiv 2310.12036, eq. 17 (one negative; the mean over several is ours).
constexpr composed<margin::log_ratio, aggregate::mean, link::squared> ipo(double tau) {
  return {.link = {.target = 1.0 / (2.0 * tau)}};
}

}  // namespace dynamicpo::inline v1::objective
