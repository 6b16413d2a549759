// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// softplus(-mean of beta_i (rho_w - rho_i)). Source: DMPO, 10.1145/3627673.3679611.
inline constexpr composed<margin::log_ratio, aggregate::mean, link::logistic> dmpo{};

}  // namespace dynamicpo::inline v1::objective
