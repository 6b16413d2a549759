// SPDX-License-Identifier: MIT
#pragma once

#include "study/data.hpp"
#include "study/run.hpp"

namespace collapse_study {

/// The choices of `study --tune`, made on development rows alone, as tuned.json stores them for data of this kind.
json stored_choices(const data_source& source);

/// The learning rate of an objective's sweep, from `choices`.
double sweep_rate(const json& choices, objective_kind objective);

}  // namespace collapse_study
