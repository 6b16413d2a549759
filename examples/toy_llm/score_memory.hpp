// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "toy_llm/dataset.hpp"
#include "toy_llm/model.hpp"
#include "toy_llm/score_backend.hpp"

namespace toy_llm {

/// Scores of a model that no longer changes, each worked out when it is first asked for. A history is known by its
/// address: the rows must stay where they are. Safe to share between threads; the same bits as the model's own.
class score_memory {
 public:
  explicit score_memory(const language_model<float>& model) : model_{model} {}

  /// Overwrites `scores` with the log-probability of every item of the batch.
  void look_up(const score_batch& batch, std::vector<float>& scores);

  /// Scores that were worked out.
  std::size_t size() const;

 private:
  struct key {
    const item_id* history;
    item_id item;

    friend bool operator==(const key&, const key&) = default;
  };
  struct hash {
    std::size_t operator()(const key& of) const {
      return std::hash<const item_id*>{}(of.history) * 31 + static_cast<std::size_t>(of.item) * 0x9e3779b97f4a7c15u;
    }
  };

  mutable std::mutex mutex_;
  language_model<float> model_;
  std::unordered_map<key, float, hash> known_;
};

/// One thread's access to a memory, as the model itself.
class remembered_model {
 public:
  explicit remembered_model(score_memory& memory) : memory_{&memory} {}

  std::span<const float> log_prob(const score_batch& batch, activations = activations::discard) {
    memory_->look_up(batch, scores_);
    return scores_;
  }

 private:
  score_memory* memory_;
  std::vector<float> scores_;
};

}  // namespace toy_llm
