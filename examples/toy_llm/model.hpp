// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "toy_llm/dataset.hpp"
#include "toy_llm/prefix_walk.hpp"
#include "toy_llm/score_backend.hpp"
#include "toy_llm/trie.hpp"

namespace toy_llm {

inline constexpr int embedding_width = 32;
inline constexpr int hidden_width = 48;

/// How the model sees an item of a history: the mean embedding of its title's tokens, or an embedding of its own.
enum class item_representation { title, embedding };

struct model_options {
  item_representation history = item_representation::title;
  std::uint64_t seed = 0;  ///< of the initial parameters
};

/// A language model over item titles, given a history of items. With e a token's embedding and r_j the representation
/// of history item j,
///   c = W_c mean_j r_j + b_c,   h_t = tanh(c + W_p [e(x_t-1); e(x_t-2); e(x_t-3)]),   logits_t = W_o h_t + b_o,
/// and log p(title) = sum_t log softmax(logits_t)[x_t], end_token included; the softmax is over the support of the
/// trie. An empty history has mean 0.
///
/// Parameters are one buffer, in the order e, r, W_c, b_c, W_p, W_o, b_o, every matrix by columns (W_o transposed: one
/// column a token). Embeddings start as N(0, 0.1), all else as U(-b, b) with b = 1 / sqrt(inputs of the layer).
///
/// Models score_backend. Copies are independent; one object serves one thread. The catalogue and the trie must outlive
/// it. A score depends on the parameters, the history and the item alone, to the last bit: not on the rest of the
/// batch.
template <std::floating_point Scalar>
class language_model {
 public:
  using scalar = Scalar;

  language_model(const catalogue& items, const title_trie& titles, const model_options& options);

  std::span<Scalar> parameters() { return parameters_; }
  std::span<const Scalar> parameters() const { return parameters_; }
  std::span<Scalar> gradient() { return gradient_; }

  const title_trie& titles() const { return *titles_; }

  /// Log-probability of every item of the batch.
  std::span<const Scalar> log_prob(const score_batch& batch, activations keep = activations::keep);
  void backward(std::span<const Scalar> coefficients);

  /// The same in parts, without a backward pass: sets the histories that a position's `row` refers to, ...
  void begin(std::span<const std::span<const item_id>> histories);
  /// ... appends to `total` the log-probability of the prefix that each choice of `steps` from total.size() on ends
  /// (whole positions, their parents scored before), ...
  void extend(const step_batch& steps, std::vector<Scalar>& total) { extend(steps, total, activations::discard); }
  /// ... and writes the most probable slot of each position, the first of equals; -1 where a logit is NaN.
  void most_probable(std::span<const position> positions, std::span<std::int32_t> slots);

 private:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using hidden_columns = Eigen::Matrix<Scalar, hidden_width, Eigen::Dynamic>;
  using embedding_columns = Eigen::Matrix<Scalar, embedding_width, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  // Aligned, as a column's part before an aligned address would be rounded differently.
  using buffer = std::vector<Scalar, Eigen::aligned_allocator<Scalar>>;

  /// The parts of a parameter or gradient buffer.
  struct view {
    Eigen::Map<embedding_columns> token;    // one column a token, of the title so far
    Eigen::Map<embedding_columns> history;  // one column a token or item, of the history
    Eigen::Map<Eigen::Matrix<Scalar, hidden_width, embedding_width>> context_weight;
    Eigen::Map<Eigen::Matrix<Scalar, hidden_width, 1>> context_bias;
    Eigen::Map<Eigen::Matrix<Scalar, hidden_width, embedding_width* int{context_length}>> prefix_weight;
    Eigen::Map<hidden_columns> output_weight;  // one column a token
    Eigen::Map<vector> output_bias;

    view(Scalar* data, Eigen::Index vocabulary, Eigen::Index history_columns);
  };
  view view_of(buffer& values) { return {values.data(), vocabulary_, history_columns_}; }

  template <class Use>
  void each_history_column(std::span<const item_id> history, Use use) const;
  template <class Visit>
  void each_logits(std::span<const position> positions, activations keep, Visit visit);
  void extend(const step_batch& steps, std::vector<Scalar>& total, activations keep);
  void backward_output(std::span<const Scalar> choice_coefficients);
  void backward_input();

  Eigen::Index width(const position& at) const {
    return at.legal.empty() ? vocabulary_ : static_cast<Eigen::Index>(at.legal.size());
  }
  auto prefix_table(hidden_columns& table, std::size_t back) const {
    return table.middleCols(static_cast<Eigen::Index>(back) * vocabulary_, vocabulary_);
  }

  const catalogue* items_;
  const title_trie* titles_;
  item_representation representation_;
  Eigen::Index vocabulary_, history_columns_;
  buffer parameters_, gradient_;

  // Of the histories last begun.
  std::vector<std::span<const item_id>> histories_;
  embedding_columns mean_;  // mean_j r_j, one column a row
  hidden_columns context_;  // c, one column a row
  hidden_columns prefix_;   // W_p's block for x_t-1 times e of every token, then those for x_t-2 and x_t-3
  matrix output_rows_;      // W_o, one row a token, and b_o, padded with tokens of no probability
  vector output_bias_;

  // Of the batch last scored; what its backward pass needs, when kept.
  bool kept_ = false;
  std::vector<Scalar> scores_, total_;
  step_batch steps_;
  std::vector<std::int32_t> latest_choice_;
  buffer hidden_, exponentials_;
  std::vector<Scalar> inverse_sum_;
  std::vector<std::size_t> exponentials_at_;

  hidden_columns context_gradient_, prefix_gradient_;
};

extern template class language_model<float>;
extern template class language_model<double>;

}  // namespace toy_llm
