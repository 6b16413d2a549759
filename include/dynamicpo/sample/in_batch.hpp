// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/sample/alias_table.hpp"
#include "dynamicpo/sample/item_lists.hpp"

namespace dynamicpo::inline v1::sample {

/// The chosen items of a batch as candidates for each other: q(i) = how often i is chosen / B. Each item stands once,
/// so that a popular one is no two negatives; ids below 0 are padding and none. Build O(B log B), draw O(1).
class in_batch {
 public:
  /// \throws std::invalid_argument when there is no item.
  explicit in_batch(std::span<const item> chosen) : items_{distinct(chosen)}, table_{counts(items_, chosen)} {}

  index candidates() const { return table_.size(); }
  index draw(philox_engine& words) const { return table_.draw(words); }
  double probability(index candidate) const { return table_.probability(candidate); }
  item item_of(index candidate) const { return items_[static_cast<std::size_t>(candidate)]; }
  index candidate_of(item wanted) const {
    const auto place = std::lower_bound(items_.begin(), items_.end(), wanted);
    return place != items_.end() && *place == wanted ? place - items_.begin() : -1;
  }

 private:
  static std::vector<item> distinct(std::span<const item> chosen) {
    std::vector<item> items(chosen.begin(), chosen.end());
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    items.erase(items.begin(), std::lower_bound(items.begin(), items.end(), item{0}));
    return items;
  }
  static std::vector<double> counts(const std::vector<item>& items, std::span<const item> chosen) {
    std::vector<double> made(items.size());
    for (const item each : chosen) {
      if (each < 0) { continue; }
      made[static_cast<std::size_t>(std::lower_bound(items.begin(), items.end(), each) - items.begin())] += 1;
    }
    return made;
  }

  std::vector<item> items_;
  alias_table table_;
};

/// The mask under which scores [B, B] of every chosen item in every row are scores of negatives: mask[b B + j] = 1
/// where the chosen of row j is no padding (below 0) and neither the chosen of row b, nor a positive of it, nor one of
/// a row before j. By ids, so that the mask goes to scores::with_mask and no number stands in for "absent". O(B^2 log
/// P). \throws std::invalid_argument when `mask` is shorter than B^2, or positives have other rows or are not in order.
inline void in_batch_mask(std::span<const item> chosen, const item_lists& positives, std::span<std::uint8_t> mask) {
  const std::size_t rows = chosen.size();
  detail::require_entries("sample::in_batch_mask", "mask", mask, static_cast<index>(rows * rows));
  positives.require("sample::in_batch_mask", static_cast<index>(rows));
  std::vector<std::uint8_t> first(rows);
  std::vector<item> seen;
  for (std::size_t j = 0; j < rows; ++j) {
    const auto place = std::lower_bound(seen.begin(), seen.end(), chosen[j]);
    first[j] = chosen[j] >= 0 && (place == seen.end() || *place != chosen[j]) ? 1 : 0;
    if (first[j] != 0) { seen.insert(place, chosen[j]); }
  }
  for (std::size_t b = 0; b < rows; ++b) {
    for (std::size_t j = 0; j < rows; ++j) {
      const bool negative =
          first[j] != 0 && chosen[j] != chosen[b] && !positives.contains(static_cast<index>(b), chosen[j]);
      mask[b * rows + j] = negative ? 1 : 0;
    }
  }
}

}  // namespace dynamicpo::inline v1::sample
