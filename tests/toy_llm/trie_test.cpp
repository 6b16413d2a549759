// SPDX-License-Identifier: MIT
#include "toy_llm/trie.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include "small_catalogue.hpp"
#include "support/catch.hpp"

using toy_llm::begin_token;
using toy_llm::end_token;
using toy_llm::item_id;
using toy_llm::node_id;
using toy_llm::support;
using toy_llm::title_trie;
using toy_llm::token_id;

namespace {

std::vector<token_id> closed(std::vector<token_id> tokens) {
  tokens.push_back(end_token);
  return tokens;
}

// The nodes from the root along a title, its end included.
std::vector<node_id> walk(const title_trie& titles, const std::vector<token_id>& tokens) {
  std::vector<node_id> nodes{title_trie::root};
  for (const token_id token : closed(tokens)) nodes.push_back(titles.child(nodes.back(), token));
  return nodes;
}

}  // namespace

TEST_CASE("every title is a path of the trie, and the nodes are its distinct prefixes") {
  const auto items = test_support::random_catalogue(200, 3);
  const title_trie titles{items, support::vocabulary};
  std::set<std::vector<token_id>> prefixes;
  for (std::size_t i = 0; i < items.tokens.size(); ++i) {
    const auto item = static_cast<item_id>(i);
    const auto tokens = closed(items.tokens[i]);
    const auto nodes = walk(titles, items.tokens[i]);
    REQUIRE(std::ranges::count(nodes, title_trie::none) == 0);
    REQUIRE(titles.length(item) == static_cast<std::int32_t>(tokens.size()));
    for (std::size_t t = 0; t <= tokens.size(); ++t) {
      prefixes.insert({tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(t)});
      const auto& context = titles.context(nodes[t]);
      for (std::size_t back = 0; back < context.size(); ++back) {
        REQUIRE(context[back] == (back < t ? tokens[t - 1 - back] : begin_token));
      }
    }
    const auto path = titles.path(item);
    REQUIRE(path.size() == tokens.size());
    for (std::size_t t = 0; t < path.size(); ++t) {
      REQUIRE(path[t].node == nodes[t]);
      REQUIRE(path[t].slot == tokens[t]);
      REQUIRE(titles.legal(path[t].node).empty());
    }
    REQUIRE(std::ranges::count(titles.items_below(nodes.back()), item) == 1);
  }
  REQUIRE(titles.nodes() == prefixes.size());
}

TEST_CASE("the catalogue's support leaves only the decisions with an alternative") {
  const auto items = test_support::small_catalogue();
  const title_trie titles{items, support::catalogue};
  for (std::size_t i = 0; i < items.tokens.size(); ++i) {
    const auto tokens = closed(items.tokens[i]);
    const auto nodes = walk(titles, items.tokens[i]);
    auto decisions = titles.path(static_cast<item_id>(i));
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      const auto children = titles.children(nodes[t]);
      REQUIRE(std::ranges::is_sorted(children));
      if (children.size() == 1) continue;
      REQUIRE(!decisions.empty());
      REQUIRE(decisions.front().node == nodes[t]);
      REQUIRE(titles.legal(nodes[t])[static_cast<std::size_t>(decisions.front().slot)] == tokens[t]);
      decisions = decisions.subspan(1);
    }
    REQUIRE(decisions.empty());
  }
  // {8, 9, 10, 11, 2} is decided by its first token.
  REQUIRE(titles.path(7).size() == 1);
  REQUIRE(titles.length(7) == 6);
}

TEST_CASE("ranks are a permutation that sorts the titles; equal titles end at one node") {
  const auto items = test_support::small_catalogue();
  const title_trie titles{items, support::vocabulary};
  std::vector<std::vector<token_id>> sorted(items.tokens.size());
  std::set<std::int32_t> ranks;
  for (std::size_t i = 0; i < items.tokens.size(); ++i) {
    const auto rank = titles.rank(static_cast<item_id>(i));
    sorted[static_cast<std::size_t>(rank)] = items.tokens[i];
    ranks.insert(rank);
  }
  REQUIRE(ranks.size() == items.tokens.size());
  REQUIRE(std::ranges::is_sorted(sorted));
  const auto equal = titles.items_below(walk(titles, {2, 3, 4}).back());
  REQUIRE(std::set<item_id>(equal.begin(), equal.end()) == std::set<item_id>{1, 6});
  REQUIRE(titles.items_below(title_trie::root).size() == items.tokens.size());
  REQUIRE(titles.child(title_trie::root, 3) == title_trie::none);
}

TEST_CASE("a title of a token that is none is refused") {
  for (const token_id token : {begin_token, end_token, 12, -1}) {
    const auto items = test_support::catalogue_of({{2}, {3, token}}, 12);
    REQUIRE_THROWS_AS((title_trie{items, support::vocabulary}), std::invalid_argument);
  }
  REQUIRE_THROWS_AS((title_trie{test_support::catalogue_of({}, 12), support::vocabulary}), std::invalid_argument);
}
