// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "toy_llm/score_backend.hpp"
#include "toy_llm/trie.hpp"

namespace toy_llm {

/// A place where the model emits a token: after `context`, for the history of `row`.
struct position {
  std::int32_t row;
  token_context context;
  std::span<const token_id> legal;  ///< what it chooses from; empty: the whole vocabulary
};

/// Positions, and the choices of interest at each. A choice belongs to one prefix of one row: equal prefixes are one.
struct step_batch {
  std::vector<position> positions;
  std::vector<std::int32_t> first_choice{0};  ///< position p owns choices [first_choice[p], first_choice[p + 1])
  std::vector<std::int32_t> slot;             ///< per choice: which of the position's tokens
  std::vector<std::int32_t> parent;           ///< per choice: the choice before it, always a smaller index; -1: none
};

/// Walks the sequences of a batch together, one decision further at each call.
class prefix_walk {
 public:
  struct sequence {
    std::int32_t index;  ///< in batch.items
    std::int32_t row;
    item_id item;
    std::int32_t choice = -1;  ///< the latest in steps(); -1 before the first
  };

  /// The trie must outlive the walk.
  prefix_walk(const title_trie& titles, const score_batch& batch);

  /// Drops finished sequences and appends the next decision of all others to steps(); false when none is left.
  bool advance();

  const step_batch& steps() const { return steps_; }
  std::span<const sequence> live() const { return live_; }
  /// Per sequence of the batch the latest choice; -1 for a title without any decision.
  std::span<const std::int32_t> latest_choice() const { return latest_choice_; }

  /// Stops walking the live sequences that satisfy `done`.
  template <class Predicate>
  void drop_if(Predicate done) {
    std::erase_if(live_, done);
  }

 private:
  const title_trie* titles_;
  std::size_t level_ = 0;
  std::vector<sequence> live_;
  std::vector<std::int32_t> latest_choice_;
  step_batch steps_;
};

}  // namespace toy_llm
