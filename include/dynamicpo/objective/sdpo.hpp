// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// log(1 + sum of exp(-beta_i (rho_w - rho_i))). Source: S-DPO, arXiv 2406.09215.
inline constexpr composed<margin::log_ratio, aggregate::soft_minimum, link::logistic> sdpo{};

}  // namespace dynamicpo::inline v1::objective
