// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// softplus(-beta (rho_w - rho_1)): exactly one negative a row (K = 1, or a selection that leaves one); more is an
/// error, since several pairs are neither DMPO nor S-DPO. Source: DPO, arXiv 2305.18290, eq. 7.
inline constexpr composed<margin::log_ratio, aggregate::single, link::logistic> dpo{};

/// DPO with labels flipped at rate `smoothing`; several negatives enter by their mean margin.
constexpr composed<margin::log_ratio, aggregate::mean, link::smoothed_logistic> smoothed_dpo(double smoothing) {
  return {.link = {.smoothing = smoothing}};
}

}  // namespace dynamicpo::inline v1::objective
