// SPDX-License-Identifier: MIT
#include "toy_llm/score_memory.hpp"

namespace toy_llm {

void score_memory::look_up(const score_batch& batch, std::vector<float>& scores) {
  const std::lock_guard lock{mutex_};
  scores.resize(batch.items.size());
  score_batch unknown;
  std::vector<std::size_t> unknown_at;
  std::vector<key> unknown_key;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    unknown.add_row(batch.histories[row]);
    for (auto i = static_cast<std::size_t>(batch.offsets[row]); i < static_cast<std::size_t>(batch.offsets[row + 1]);
         ++i) {
      const key wanted{batch.histories[row].data(), batch.items[i]};
      if (const auto found = known_.find(wanted); found != known_.end()) {
        scores[i] = found->second;
      } else {
        unknown.add(wanted.item);
        unknown_at.push_back(i);
        unknown_key.push_back(wanted);
      }
    }
  }
  if (unknown_at.empty()) return;
  const auto found = model_.log_prob(unknown, activations::discard);
  for (std::size_t i = 0; i < found.size(); ++i) {
    scores[unknown_at[i]] = found[i];
    known_.emplace(unknown_key[i], found[i]);
  }
}

std::size_t score_memory::size() const {
  const std::lock_guard lock{mutex_};
  return known_.size();
}

}  // namespace toy_llm
