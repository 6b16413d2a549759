// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "toy_llm/dataset.hpp"

namespace toy_llm {

/// Rows of one history and any number of candidate items. The histories are not copied: they must outlive the batch and
/// the backward pass that follows its scoring.
struct score_batch {
  std::vector<std::span<const item_id>> histories;
  std::vector<item_id> items;            ///< the candidates, row after row
  std::vector<std::int32_t> offsets{0};  ///< row r owns items [offsets[r], offsets[r + 1])

  std::size_t rows() const { return histories.size(); }

  /// Opens a row; `add` puts a candidate into the newest one.
  void add_row(std::span<const item_id> history) {
    histories.push_back(history);
    offsets.push_back(offsets.back());
  }
  void add(item_id item) {
    items.push_back(item);
    ++offsets.back();
  }
  void clear() {
    histories.clear();
    items.clear();
    offsets.assign(1, 0);
  }
};

/// Whether a backward pass is to follow: it needs what the forward pass computed.
enum class activations { keep, discard };

/// What scores items: `log_prob(batch, keep)` as below.
template <class Model, class Scalar>
concept scorer = requires(Model& model, const score_batch& batch) {
  { model.log_prob(batch, activations::discard) } -> std::convertible_to<std::span<const Scalar>>;
};

/// A model that scores items and learns from the gradient of a loss with respect to its scores.
///   log_prob(batch, keep)    scores in the order of batch.items, valid until the next call
///   backward(coefficients)   adds d/d(parameters) of sum_i coefficients[i] * log_prob_i to gradient(), for the batch
///                            last scored with activations::keep; a coefficient of exactly 0 costs nothing
template <class Model>
concept score_backend = std::floating_point<typename Model::scalar> && scorer<Model, typename Model::scalar> &&
    requires(Model& model, const Model& fixed, std::span<const typename Model::scalar> coefficients) {
  model.backward(coefficients);
  { model.parameters() } -> std::convertible_to<std::span<typename Model::scalar>>;
  { model.gradient() } -> std::convertible_to<std::span<typename Model::scalar>>;
  { fixed.parameters() } -> std::convertible_to<std::span<const typename Model::scalar>>;
};

}  // namespace toy_llm
