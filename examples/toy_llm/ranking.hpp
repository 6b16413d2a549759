// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "toy_llm/dataset.hpp"
#include "toy_llm/model.hpp"

namespace toy_llm {

/// A row counts as hit when no negative scores above the chosen item; as 1 / (1 + t) hit when t negatives tie with it.
struct ranking_metrics {
  std::size_t rows = 0;
  std::size_t invalid_rows = 0;  ///< a score is NaN, or the chosen item's infinite; no hit, no win
  double hit_ratio = 0;          ///< HR@1 by log-probability
  double hit_ratio_average = 0;  ///< HR@1 by log-probability / tokens, end_token included
  double win_rate = 0;  ///< share of all pairs with a negative whose chosen item has the higher log-probability
  double chosen_log_probability = 0;  ///< mean over valid rows; NaN without any
};

/// Ranks the chosen item of each row among the row's negatives. Exact, though a negative is scored only for as long as
/// it can still reach the chosen item: log-probabilities fall along a title. Without rows, ratios are 0.
ranking_metrics rank(language_model<float>& model, std::span<const ranking_row> rows);

}  // namespace toy_llm
