// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "toy_llm/dataset.hpp"

namespace toy_llm {

using node_id = std::int32_t;

/// The tokens in front of the next one, newest first; begin_token where the title is shorter.
inline constexpr std::size_t context_length = 3;
using token_context = std::array<token_id, context_length>;

/// What the model may emit next: any token, or only a token that continues some title of the catalogue.
enum class support { vocabulary, catalogue };

/// One decision on the way to a title: at `node` the model emits its choice number `slot`, which is the token itself
/// under support::vocabulary and the rank among the legal tokens under support::catalogue.
struct decision {
  node_id node;
  std::int32_t slot;
};

/// All titles of a catalogue, each closed by end_token, as one prefix tree. A node is a prefix; its children are
/// numbered consecutively, in ascending order of their last token. Items of equal title end at the same node.
class title_trie {
 public:
  static constexpr node_id root = 0;
  static constexpr node_id none = -1;

  /// Throws std::invalid_argument when a title holds begin_token, end_token or a token outside the vocabulary, or when
  /// there is no title.
  title_trie(const catalogue& items, support over);

  support over() const { return over_; }
  std::size_t nodes() const { return context_.size(); }
  std::size_t items() const { return rank_.size(); }

  /// The decisions that make up a title, end_token included. Under support::catalogue a step without alternative is no
  /// decision. Two items share a path prefix exactly as far as they share title tokens.
  std::span<const decision> path(item_id item) const { return slice(decisions_, first_decision_, item); }
  /// Tokens of a title, end_token included.
  std::int32_t length(item_id item) const { return length_[static_cast<std::size_t>(item)]; }
  /// Position of an item when all are sorted by title: equal prefixes are neighbours.
  std::int32_t rank(item_id item) const { return rank_[static_cast<std::size_t>(item)]; }

  const token_context& context(node_id node) const { return context_[static_cast<std::size_t>(node)]; }
  /// The tokens that continue some title, ascending.
  std::span<const token_id> children(node_id node) const { return slice(token_, first_child_, node); }
  /// What the model chooses from at a node: children(node), or nothing to say that it is the whole vocabulary.
  std::span<const token_id> legal(node_id node) const {
    return over_ == support::catalogue ? children(node) : std::span<const token_id>{};
  }
  /// The node one token on, or `none`.
  node_id child(node_id node, token_id token) const;
  /// The items whose prefix a node is; all of one title where the node is reached by end_token.
  std::span<const item_id> items_below(node_id node) const;

 private:
  template <class T>
  static std::span<const T> slice(const std::vector<T>& values, const std::vector<std::int32_t>& first,
                                  std::int32_t at) {
    const auto begin = first[static_cast<std::size_t>(at)], end = first[static_cast<std::size_t>(at) + 1];
    return std::span{values}.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  }

  support over_;
  std::vector<std::int32_t> rank_, length_, first_decision_;
  std::vector<decision> decisions_;
  std::vector<item_id> sorted_;
  // Per node, in breadth-first order. The last token of node n is token_[n - 1]: children are a slice of token_.
  std::vector<token_id> token_;
  std::vector<token_context> context_;
  std::vector<std::int32_t> first_child_, first_item_, end_item_;
};

}  // namespace toy_llm
