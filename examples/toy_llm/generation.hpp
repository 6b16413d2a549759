// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "toy_llm/dataset.hpp"
#include "toy_llm/model.hpp"

namespace toy_llm {

/// The title that greedy decoding emits for each history, the most probable token at each step: its closed node in
/// model.titles(), or title_trie::none when what is emitted is no title. Under support::vocabulary any token may be
/// emitted, and decoding stops as soon as no title can follow; under support::catalogue, where the model is defined
/// on legal tokens alone, every result is a title. A model gone to NaN emits none.
std::vector<node_id> greedy_titles(language_model<float>& model, std::span<const std::span<const item_id>> histories);

/// Shares of all rows.
struct generation_metrics {
  std::size_t rows = 0;
  double in_catalogue = 0;  ///< the generated title is in the catalogue
  double valid = 0;      ///< it is the title of exactly one of the row's candidates, the chosen item and the negatives
  double hit_ratio = 0;  ///< it is valid, and the chosen item's
};

/// Greedy generation for each row. Without rows, all is 0.
generation_metrics generate(language_model<float>& model, std::span<const ranking_row> rows);

}  // namespace toy_llm
