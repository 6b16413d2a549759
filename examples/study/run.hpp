// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "study/loss_settings.hpp"
#include "toy_llm/preference.hpp"

namespace collapse_study {

using toy_llm::objective_kind;
using toy_llm::variant;

inline constexpr std::array objectives{objective_kind::dmpo, objective_kind::sdpo, objective_kind::mppo};
inline constexpr std::array variants{variant::vanilla, variant::dynamic, variant::selection_only, variant::beta_only};

/// As options and results spell it: "dmpo", "selection-only".
std::string_view name(objective_kind objective);
std::string_view name(variant kind);
/// As tables and charts show it: "DMPO", "selection only".
std::string_view title(objective_kind objective);
std::string_view title(variant kind);

/// The value of that name. Throws std::invalid_argument that lists the names.
objective_kind parse_objective(std::string_view name);
variant parse_variant(std::string_view name);

/// One way to train.
struct arm {
  objective_kind objective;
  collapse_study::variant variant;
  std::size_t negatives;  ///< K
  double learning_rate;
  std::size_t epochs;
  loss_settings loss = {};  ///< of ablations

  friend bool operator==(const arm&, const arm&) = default;
};

/// One training: an arm on the data, with the model and the draws of one seed.
struct run {
  collapse_study::arm arm;
  std::uint64_t seed;
};

/// The objective whose runs are ranked as those of this arm: MPPO over whole titles is ranked as DMPO is.
objective_kind ranked_as(const arm& of);

/// Identifies a run in results: "dmpo/vanilla/K=19/rate=0.015/epochs=3/seed=0"; settings of the loss follow the
/// variant: "dmpo/dynamic/gamma=2.0/K=19/...".
std::string key(const run& which);

/// Proportional to the time that training takes, roughly.
double cost(const arm& of);

}  // namespace collapse_study
