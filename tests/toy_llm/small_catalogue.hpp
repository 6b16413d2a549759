// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "toy_llm/dataset.hpp"

namespace test_support {

/// A catalogue of the given titles over a vocabulary of `vocabulary` nameless tokens.
inline toy_llm::catalogue catalogue_of(std::vector<std::vector<toy_llm::token_id>> tokens, std::size_t vocabulary) {
  toy_llm::catalogue items;
  items.titles.resize(tokens.size());
  items.tokens = std::move(tokens);
  items.vocabulary.resize(vocabulary);
  return items;
}

/// Titles that share prefixes, one that is the beginning of others, one empty, two equal, one with a long tail that no
/// other title shares, and one with a repeated token.
inline toy_llm::catalogue small_catalogue() {
  return catalogue_of({{2, 3}, {2, 3, 4}, {2, 3, 5}, {2, 6}, {7}, {}, {2, 3, 4}, {8, 9, 10, 11, 2}, {7, 7, 7, 7}}, 12);
}

/// `count` titles of 1 to 5 tokens over 40 tokens.
inline toy_llm::catalogue random_catalogue(std::size_t count, std::uint64_t seed) {
  dynamicpo::sample::philox_engine random{seed};
  std::vector<std::vector<toy_llm::token_id>> tokens(count);
  for (auto& title : tokens) {
    title.resize(1 + random.below(5));
    for (auto& token : title) token = static_cast<toy_llm::token_id>(2 + random.below(38));
  }
  return catalogue_of(std::move(tokens), 40);
}

/// Rows of `history` distinct history items, a chosen item and `negatives` negatives, all uniform.
inline std::vector<toy_llm::ranking_row> random_rows(std::size_t count, std::size_t items, std::size_t history,
                                                     std::size_t negatives, std::uint64_t seed) {
  std::vector<toy_llm::ranking_row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    auto drawn = toy_llm::sample_negatives({{}, -1, {}}, items, history + 1 + negatives, {seed, 0, row});
    const auto middle = drawn.begin() + static_cast<std::ptrdiff_t>(history);
    rows.push_back({{drawn.begin(), middle}, *middle, {middle + 1, drawn.end()}});
  }
  return rows;
}

}  // namespace test_support
