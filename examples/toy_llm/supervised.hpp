// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "toy_llm/adamw.hpp"
#include "toy_llm/dataset.hpp"
#include "toy_llm/model.hpp"

namespace toy_llm {

struct supervised_options {
  adamw_options optimiser{.learning_rate = 3e-3, .weight_decay = 0.01};
  std::size_t batch_rows = 128;
  std::size_t epochs = 8;
  std::uint64_t seed = 0;  ///< of the order of the pairs
};

/// Losses are -log p(title given history), averaged over titles.
struct supervised_epoch {
  double training_loss;     ///< each batch before its step
  double development_loss;  ///< after the epoch, of the chosen items
};

struct supervised_result {
  std::vector<supervised_epoch> epochs;
  std::size_t best_epoch;  ///< whose parameters the model is left with; index into epochs
};

/// Supervised fine-tuning on the data set's pairs, in an order of its own in each epoch. The model keeps the parameters
/// of the epoch with the least development loss, the first of equals. Deterministic.
/// Throws std::invalid_argument without pairs, development rows, epochs or batch rows.
supervised_result train_supervised(language_model<float>& model, const dataset& data,
                                   const supervised_options& options);

/// Mean of -log p(chosen given history); NaN without rows.
double chosen_loss(language_model<float>& model, std::span<const ranking_row> rows);

}  // namespace toy_llm
