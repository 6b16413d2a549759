// SPDX-License-Identifier: MIT
#include "toy_llm/trie.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace toy_llm {
namespace {

void check_titles(const catalogue& items) {
  if (items.tokens.empty()) throw std::invalid_argument("toy_llm::title_trie: expected at least one title, found none");
  const auto vocabulary = static_cast<token_id>(items.vocabulary.size());
  for (std::size_t item = 0; item < items.tokens.size(); ++item) {
    for (const token_id token : items.tokens[item]) {
      if (token <= end_token || token >= vocabulary) {
        throw std::invalid_argument("toy_llm::title_trie: item " + std::to_string(item) + ": expected tokens in [" +
                                    std::to_string(end_token + 1) + ", " + std::to_string(vocabulary) + "), found " +
                                    std::to_string(token));
      }
    }
  }
}

}  // namespace

title_trie::title_trie(const catalogue& items, support over)
    : over_{over}, rank_(items.tokens.size()), length_(items.tokens.size()), sorted_(items.tokens.size()) {
  check_titles(items);
  const auto title = [&](item_id item) -> const std::vector<token_id>& {
    return items.tokens[static_cast<std::size_t>(item)];
  };
  std::iota(sorted_.begin(), sorted_.end(), 0);
  std::stable_sort(sorted_.begin(), sorted_.end(), [&](item_id a, item_id b) { return title(a) < title(b); });

  // A node is the range of sorted items that share its prefix; the node list is its own breadth-first queue.
  struct open_node {
    std::int32_t first, end;
    std::size_t depth;
    bool closed;
  };
  std::vector<open_node> queue{{0, static_cast<std::int32_t>(sorted_.size()), 0, false}};
  context_.push_back({begin_token, begin_token, begin_token});
  first_child_.push_back(0);
  for (std::size_t node = 0; node < queue.size(); ++node) {
    const auto [first, end, depth, closed] = queue[node];
    const auto next_token = [&, at = depth](std::int32_t i) {
      const auto& tokens = title(sorted_[static_cast<std::size_t>(i)]);
      return at < tokens.size() ? tokens[at] : end_token;
    };
    for (std::int32_t i = first; i < end && !closed;) {
      const token_id token = next_token(i);
      std::int32_t stop = i + 1;
      while (stop < end && next_token(stop) == token) ++stop;
      queue.push_back({i, stop, depth + 1, token == end_token});
      token_.push_back(token);
      token_context context = context_[node];
      std::shift_right(context.begin(), context.end(), 1);
      context.front() = token;
      context_.push_back(context);
      i = stop;
    }
    first_child_.push_back(static_cast<std::int32_t>(token_.size()));
    first_item_.push_back(first);
    end_item_.push_back(end);
  }

  first_decision_.push_back(0);
  for (std::size_t item = 0; item < items.tokens.size(); ++item) {
    const auto& tokens = items.tokens[item];
    node_id node = root;
    for (std::size_t t = 0; t <= tokens.size(); ++t) {
      const token_id token = t < tokens.size() ? tokens[t] : end_token;
      const node_id next = child(node, token);
      if (over == support::vocabulary) {
        decisions_.push_back({node, token});
      } else if (children(node).size() > 1) {
        decisions_.push_back({node, next - 1 - first_child_[static_cast<std::size_t>(node)]});
      }
      node = next;
    }
    first_decision_.push_back(static_cast<std::int32_t>(decisions_.size()));
    length_[item] = static_cast<std::int32_t>(tokens.size()) + 1;
  }
  for (std::size_t place = 0; place < sorted_.size(); ++place) {
    rank_[static_cast<std::size_t>(sorted_[place])] = static_cast<std::int32_t>(place);
  }
}

node_id title_trie::child(node_id node, token_id token) const {
  const auto tokens = children(node);
  const auto found = std::lower_bound(tokens.begin(), tokens.end(), token);
  if (found == tokens.end() || *found != token) return none;
  return first_child_[static_cast<std::size_t>(node)] + static_cast<node_id>(found - tokens.begin()) + 1;
}

std::span<const item_id> title_trie::items_below(node_id node) const {
  const auto first = static_cast<std::size_t>(first_item_[static_cast<std::size_t>(node)]);
  const auto end = static_cast<std::size_t>(end_item_[static_cast<std::size_t>(node)]);
  return std::span{sorted_}.subspan(first, end - first);
}

}  // namespace toy_llm
