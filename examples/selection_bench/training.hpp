// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "selection_bench/strategy.hpp"
#include "study/data.hpp"

namespace selection_bench {

/// Preference training of the toy LLM with DMPO, beta 1, over what a strategy selects: everything but the strategy and
/// the rate is the same for all (rows, order, negatives drawn, epochs).
struct training_options {
  std::size_t negatives = 15, epochs = 3, batch_rows = 64;
  double learning_rate = 5e-3;
  std::uint64_t seed = 0;
};

struct training_result {
  double development = 0, evaluation = 0;  ///< HR@1
  double chosen_log_probability = 0;       ///< of evaluation rows, mean
  double selected = 0;                     ///< negatives a row, mean over training
};

/// Deterministic. A row of which nothing is selected teaches nothing.
training_result train(const collapse_study::starting_point& start, strategy& of, const training_options& options);

}  // namespace selection_bench
