// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "toy_llm/dataset.hpp"

namespace toy_llm {

/// What a model without any learning scores: how often an item occurs in the rows, in histories and as chosen.
class popularity_baseline {
 public:
  popularity_baseline(std::span<const ranking_row> rows, std::size_t items);
  double operator()(std::span<const item_id> history, item_id item) const;

 private:
  std::vector<std::int32_t> occurrences_;
};

/// Sum over the history of the cosine between the sets of rows that two items occur in, history or chosen:
/// |both| / sqrt(|one| |other|); 0 for an item that occurs in none.
class item_cosine_baseline {
 public:
  item_cosine_baseline(std::span<const ranking_row> rows, std::size_t items);
  double operator()(std::span<const item_id> history, item_id item) const;

 private:
  std::vector<std::int32_t> rows_with_;
  std::unordered_map<std::uint64_t, std::int32_t> rows_with_both_;
};

/// Chance that the chosen item ranks first when equal scores are put in random order: 0 when a negative scores higher,
/// else 1 / (1 + negatives of equal score). A NaN on either side counts as a negative that scores higher.
double expected_hit(double chosen, std::span<const double> negatives);

/// Mean expected_hit over rows with their own negatives; NaN without rows.
template <std::invocable<std::span<const item_id>, item_id> Scorer>
double hit_ratio_at_1(std::span<const ranking_row> rows, const Scorer& score) {
  double hits = 0;
  std::vector<double> negatives;
  for (const ranking_row& row : rows) {
    negatives.clear();
    for (const item_id item : row.negatives) negatives.push_back(score(row.history, item));
    hits += expected_hit(score(row.history, row.chosen), negatives);
  }
  return hits / static_cast<double>(rows.size());
}

}  // namespace toy_llm
