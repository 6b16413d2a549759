// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "study/result_log.hpp"
#include "toy_llm/preference.hpp"

namespace collapse_study {

/// What ablations vary of a loss and its step; the defaults are those of every other study. The fields are those of
/// toy_llm::preference_options.
struct loss_settings {
  double beta = 1, alpha = .5, gamma = 6;
  std::size_t clusters = 3;
  toy_llm::selection_score selects_by = toy_llm::selection_score::policy;
  bool average_log_prob = true, mean_margin = false;
  toy_llm::step_rule step = toy_llm::step_rule::adamw;

  friend bool operator==(const loss_settings&, const loss_settings&) = default;
};

/// An object of the fields that are not the default.
json to_json(const loss_settings& settings);
/// Throws std::invalid_argument for a field or value that to_json does not write.
loss_settings loss_settings_from(const json& fields);

/// The same fields for a run's key: "/clusters=4/gamma=2", or nothing.
std::string spelled(const loss_settings& settings);

}  // namespace collapse_study
