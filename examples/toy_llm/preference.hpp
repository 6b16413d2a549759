// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "dynamicpo/instruments.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "toy_llm/dataset.hpp"
#include "toy_llm/score_backend.hpp"
#include "toy_llm/shuffle.hpp"
#include "toy_llm/stepper.hpp"

namespace toy_llm {

enum class objective_kind : std::uint8_t { dmpo, sdpo, mppo };

/// Which negatives enter the loss, and with which beta:
///   vanilla all, constant; dynamic boundary, dual-margin; selection_only boundary, constant; beta_only all,
///   dual-margin.
enum class variant : std::uint8_t { vanilla, dynamic, selection_only, beta_only };

/// What the boundary is found on: the policy's scores, as published, or their log-ratio to the reference.
enum class selection_score : std::uint8_t { policy, log_ratio };

struct preference_options {
  objective_kind objective = objective_kind::dmpo;
  toy_llm::variant variant = variant::vanilla;
  std::size_t negatives = 3;  ///< K, drawn anew for each row in each epoch
  double learning_rate = 1.5e-2;
  std::size_t epochs = 3;
  std::size_t batch_rows = 64;
  double beta = 1.0;
  double alpha = 0.5;            ///< of dual-margin beta
  double gamma = 6.0;            ///< of dual-margin beta
  bool average_log_prob = true;  ///< MPPO alone: over log-probability / tokens, as published; else over whole titles
  bool mean_margin = false;      ///< MPPO alone: mean over negatives instead of their sum
  std::size_t clusters = 3;      ///< of the boundary where nothing violates
  selection_score selects_by = selection_score::policy;
  step_rule step = step_rule::adamw;
  bool measure_steps = false;   ///< gradient_norm and update_norm of preference_epoch; the same results without
  bool skip_unselected = true;  ///< no reference score for what the selection leaves out; the same results without
  std::uint64_t seed = 0;       ///< of the order of the rows and of the negatives
};

/// What an epoch's batches showed, each before its step. "Score" is what the objective sees: the policy's
/// log-probability, divided by tokens where it averages. Shares of gradient are of |d(row loss)/d(score)|, summed over
/// negatives. Rows whose scores are not finite teach nothing and enter no figure but their own.
struct preference_epoch {
  double training_loss;              ///< mean over rows; not comparable between objectives or K
  double chosen_log_probability;     ///< mean over rows
  double win_rate;                   ///< share of rows whose chosen item outscores all drawn negatives
  double pairwise_win_rate;          ///< share of drawn negatives that the chosen item outscores
  double boundary_gradient_share;    ///< on the boundary set, whatever the variant selects
  double same_genre_gradient_share;  ///< on negatives of the chosen item's genre; NaN where genres are unknown
  double saturated_share;            ///< share of rows that hardly learn any more: |link'(z)| < 1e-3
  double selected_negatives;         ///< mean number in a row's loss
  double mean_beta;                  ///< of those
  std::size_t invalid_rows;
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  ///< L2, mean over steps; NaN unless measured
  double update_norm = std::numeric_limits<double>::quiet_NaN();    ///< likewise, of the step itself
};

/// Sums over batches; epoch() divides.
struct preference_sums {
  dynamicpo::instruments<double> seen;
  double loss = 0, chosen_log_probability = 0, gradient = 0, same_genre_gradient = 0;
  std::size_t rows = 0, row_wins = 0, pairs = 0, pair_wins = 0, invalid_rows = 0;

  preference_epoch epoch() const;
};

/// The rows of one step, and all that lies between scores and their gradient. Per row: chosen item, then negatives.
template <std::floating_point Scalar>
class preference_batch {
 public:
  /// `rows` index data.train. The data set must outlive the batch.
  preference_batch(const dataset& data, std::span<const std::size_t> rows, const preference_options& options,
                   std::uint32_t epoch);

  const score_batch& items() const { return items_; }
  /// Takes the policy's scores of items(), and selects.
  void set_policy(std::span<const Scalar> scores);

  /// What the loss needs reference scores of: the same rows with fewer items; no row where it reads no reference.
  const score_batch& reference_items() const { return reference_items_; }
  void set_reference(std::span<const Scalar> scores);

  /// The mean loss over rows.
  double evaluate();
  /// Its gradient with respect to the policy's scores; exactly 0 for what is not selected.
  std::span<const Scalar> coefficients() const { return gradient_; }

  void add_to(preference_sums& sums) const;

 private:
  template <class T>
  dynamicpo::scores<T> view(std::span<T> values) const;
  double score(std::size_t row, std::size_t column) const;
  void mark_boundary(std::span<const Scalar> scores);

  const dataset* data_;
  preference_options options_;
  std::size_t width_;  // items a row
  score_batch items_, reference_items_;
  std::vector<std::size_t> reference_at_;  // where each of reference_items_ is in items_
  std::vector<std::int32_t> chosen_tokens_, rejected_tokens_;
  std::vector<Scalar> policy_, reference_, gradient_, row_loss_;
  std::vector<std::uint8_t> marks_;  // of a boundary other than the published one: 1 for each negative in it
  dynamicpo::evaluation<Scalar, dynamicpo::instruments<dynamicpo::accumulator_of<Scalar>>> evaluation_;
};

extern template class preference_batch<float>;
extern template class preference_batch<double>;

/// One step of `policy` on rows of data.train: its scores of all items select; reference scores and the backward pass
/// are of what the loss is made of. Returns what the step saw, before it.
template <score_backend Model, scorer<typename Model::scalar> Reference, class Optimiser>
preference_batch<typename Model::scalar> preference_step(Model& policy, Reference& reference, Optimiser& optimiser,
                                                         const dataset& data, std::span<const std::size_t> rows,
                                                         const preference_options& options, std::uint32_t epoch) {
  preference_batch<typename Model::scalar> batch{data, rows, options, epoch};
  batch.set_policy(policy.log_prob(batch.items(), activations::keep));
  if (batch.reference_items().rows() > 0) {
    batch.set_reference(reference.log_prob(batch.reference_items(), activations::discard));
  }
  batch.evaluate();
  policy.backward(batch.coefficients());
  optimiser.step(policy.parameters(), policy.gradient());
  return batch;
}

/// Preference training of `policy` on data.train against the frozen `reference`, usually a copy of it from before or
/// what remembers that copy's scores.
/// AdamW without weight decay, under options.step; the rows in an order of their own in each epoch. Deterministic; the
/// rows' order and negatives do not depend on objective or variant, and the negatives of a smaller K are the first of a
/// larger. `after_epoch`, where given, is called as each epoch ends and may score with the policy. Throws
/// std::invalid_argument without rows, negatives, batch rows or clusters, where a row has fewer than K negatives, and
/// where MPPO, which reads no reference, is to select by log-ratio.
template <score_backend Model, scorer<typename Model::scalar> Reference>
std::vector<preference_epoch> train_preference(Model& policy, Reference& reference, const dataset& data,
                                               const preference_options& options,
                                               const std::function<void()>& after_epoch = {}) {
  using scalar = typename Model::scalar;
  if (data.train.empty() || options.batch_rows == 0) {
    throw std::invalid_argument("toy_llm::train_preference: expected at least one training row and batch row, found " +
                                std::to_string(data.train.size()) + " and " + std::to_string(options.batch_rows));
  }
  stepper<scalar> optimiser{policy.parameters().size(), options.step, options.learning_rate, options.measure_steps};
  std::vector<preference_epoch> epochs;
  for (std::uint32_t epoch = 0; epoch < options.epochs; ++epoch) {
    const auto order = shuffled(data.train.size(), options.seed, epoch);
    preference_sums sums;
    for (std::size_t first = 0; first < order.size(); first += options.batch_rows) {
      const auto rows = std::span{order}.subspan(first, std::min(options.batch_rows, order.size() - first));
      preference_step(policy, reference, optimiser, data, rows, options, epoch).add_to(sums);
    }
    epochs.push_back(sums.epoch());
    const step_norms norms = optimiser.take_norms();
    epochs.back().gradient_norm = norms.gradient;
    epochs.back().update_norm = norms.update;
    if (after_epoch) after_epoch();
  }
  return epochs;
}

}  // namespace toy_llm
