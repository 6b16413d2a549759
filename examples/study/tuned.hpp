// SPDX-License-Identifier: MIT
#pragma once

#include "study/data.hpp"
#include "study/run.hpp"

namespace collapse_study {

/// The project's tuned.json: by kind of data, "synthetic" or "real", what `study --tune` chose on development rows
/// alone.
///   sweep  learning rate of each objective's sweep over K
///   arms   learning rate and epochs of each arm at the largest K, epochs 0 where supervised fine-tuning alone is best
json stored_choices();

/// The part for data of this kind.
std::string_view choices_field(const data_source& source);

/// Learning rate of an objective's sweep, as stored for data of this kind.
double sweep_rate(const data_source& source, objective_kind objective);

}  // namespace collapse_study
