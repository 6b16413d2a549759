// SPDX-License-Identifier: MIT
#include "toy_llm/generation.hpp"

#include <algorithm>
#include <cstdint>

#include "toy_llm/prefix_walk.hpp"

namespace toy_llm {

std::vector<node_id> greedy_titles(language_model<float>& model, std::span<const std::span<const item_id>> histories) {
  const title_trie& titles = model.titles();
  std::vector<node_id> node(histories.size(), title_trie::root);
  std::vector<position> positions;
  for (std::size_t row = 0; row < histories.size(); ++row) {
    positions.push_back(
        {static_cast<std::int32_t>(row), titles.context(title_trie::root), titles.legal(title_trie::root)});
  }
  std::vector<std::int32_t> slots;
  model.begin(histories);
  while (!positions.empty()) {
    slots.resize(positions.size());
    model.most_probable(positions, slots);
    std::size_t open = 0;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const auto [row, context, legal] = positions[i];
      const token_id token = legal.empty() || slots[i] < 0 ? slots[i] : legal[static_cast<std::size_t>(slots[i])];
      node_id& at = node[static_cast<std::size_t>(row)];
      at = titles.child(at, token);
      if (at != title_trie::none && token != end_token) positions[open++] = {row, titles.context(at), titles.legal(at)};
    }
    positions.resize(open);
  }
  return node;
}

generation_metrics generate(language_model<float>& model, std::span<const ranking_row> rows) {
  std::vector<std::span<const item_id>> histories;
  for (const ranking_row& row : rows) histories.push_back(row.history);
  const auto generated = greedy_titles(model, histories);

  std::size_t in_catalogue = 0, valid = 0, hits = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (generated[row] == title_trie::none) continue;
    const auto items = model.titles().items_below(generated[row]);
    const auto matches = [&](item_id item) { return std::ranges::find(items, item) != items.end(); };
    const bool chosen = matches(rows[row].chosen);
    const auto others = std::ranges::count_if(rows[row].negatives, matches);
    ++in_catalogue;
    valid += others + chosen == 1;
    hits += chosen && others == 0;
  }
  const auto share = [&](std::size_t count) {
    return rows.empty() ? 0.0 : static_cast<double>(count) / static_cast<double>(rows.size());
  };
  return {rows.size(), share(in_catalogue), share(valid), share(hits)};
}

}  // namespace toy_llm
