// SPDX-License-Identifier: MIT
#include "toy_llm/prefix_walk.hpp"

#include <algorithm>

namespace toy_llm {

prefix_walk::prefix_walk(const title_trie& titles, const score_batch& batch)
    : titles_{&titles}, latest_choice_(batch.items.size(), -1) {
  live_.reserve(batch.items.size());
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const auto begin = live_.size();
    for (std::int32_t i = batch.offsets[row]; i < batch.offsets[row + 1]; ++i) {
      live_.push_back({i, static_cast<std::int32_t>(row), batch.items[static_cast<std::size_t>(i)]});
    }
    // Equal prefixes become neighbours.
    std::sort(live_.begin() + static_cast<std::ptrdiff_t>(begin), live_.end(),
              [&](const sequence& a, const sequence& b) { return titles.rank(a.item) < titles.rank(b.item); });
  }
}

bool prefix_walk::advance() {
  std::erase_if(live_, [&](const sequence& s) { return titles_->path(s.item).size() <= level_; });
  std::int32_t row = -1, prefix = -1;
  for (sequence& s : live_) {
    const auto [node, slot] = titles_->path(s.item)[level_];
    const bool new_position = s.row != row || s.choice != prefix;
    row = s.row;
    prefix = s.choice;
    if (new_position) {
      steps_.positions.push_back({s.row, titles_->context(node), titles_->legal(node)});
      steps_.first_choice.push_back(steps_.first_choice.back());
    }
    if (new_position || steps_.slot.back() != slot) {
      steps_.slot.push_back(slot);
      steps_.parent.push_back(prefix);
      ++steps_.first_choice.back();
    }
    s.choice = static_cast<std::int32_t>(steps_.slot.size()) - 1;
    latest_choice_[static_cast<std::size_t>(s.index)] = s.choice;
  }
  ++level_;
  return !live_.empty();
}

}  // namespace toy_llm
