// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/compose.hpp"
#include "dynamicpo/objective/link.hpp"
#include "dynamicpo/objective/margin.hpp"

namespace dynamicpo::inline v1::objective {

/// softplus(-sum of beta_i (exp s_w - exp s_i)), no reference. Its paper averages the likelihood over tokens: give it
/// `scores::with_lengths`. Source: MPPO, arXiv 2412.15244.
inline constexpr composed<margin::probability, aggregate::sum, link::logistic> mppo{};

}  // namespace dynamicpo::inline v1::objective
