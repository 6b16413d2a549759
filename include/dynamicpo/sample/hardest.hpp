// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dynamicpo/sample/negatives.hpp"

namespace dynamicpo::inline v1::sample {

/// The K negatives with the highest score among `pool` drawn without replacement, highest first, equal scores by item.
/// \param score  score(row, item) -> double, called once for each negative of the pool, by several threads at a time
///               under exec::threads; NaN counts as the lowest.
/// \throws std::invalid_argument when `pool` is below K or log_q is asked for (there is no closed form), and as
///         draw_negatives does. Source: Zhang et al., "Optimizing top-N collaborative filtering via dynamic negative
///         item sampling", SIGIR 2013.
template <class Exec, sampler Sampler, class Score>
draw_counts draw_hardest(const Exec& exec, const Sampler& from, index pool, index rows, const item_lists& positives,
                         const place& at, const Score& score, const negative_outputs& out) {
  constexpr const char* where = "draw_hardest";
  if (!out.log_q.empty()) { detail::throw_invalid(where, "log_q of the best of a pool has no closed form"); }
  const index slots = rows > 0 ? static_cast<index>(out.items.size()) / rows : 0;
  if (pool < slots || rows < 0 || (rows > 0 && pool > (index{1} << 40) / rows) ||
      static_cast<index>(out.items.size()) != slots * rows) {
    detail::throw_invalid(where, "a pool of " + std::to_string(pool) + " for " + std::to_string(out.items.size()) +
                                     " items of " + std::to_string(rows) + " rows");
  }
  detail::require_room(where, "found", out.found, rows);
  std::vector<item> pools(static_cast<std::size_t>(rows * pool));
  draw_counts counts = draw_negatives(exec, from, rows, positives, at, false, {.items = pools});
  counts.drawn = 0;
  counts.short_rows = 0;

  std::vector<index> found(static_cast<std::size_t>(rows));
  constexpr index block_rows = 64;
  exec.for_each_block((rows + block_rows - 1) / block_rows, [&](index block, index) {
    std::vector<std::pair<double, item>> scored;
    for (index row = block * block_rows; row < std::min(rows, (block + 1) * block_rows); ++row) {
      scored.clear();
      for (const item each :
           std::span(pools).subspan(static_cast<std::size_t>(row * pool), static_cast<std::size_t>(pool))) {
        if (each < 0) { continue; }
        const double height = score(row, each);
        scored.emplace_back(height == height ? height : -std::numeric_limits<double>::infinity(), each);
      }
      const auto kept = std::min(scored.size(), static_cast<std::size_t>(slots));
      std::partial_sort(
          scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(kept), scored.end(),
          [](const auto& a, const auto& b) { return a.first != b.first ? b.first < a.first : a.second < b.second; });
      for (std::size_t slot = 0; slot < static_cast<std::size_t>(slots); ++slot) {
        out.items[static_cast<std::size_t>(row * slots) + slot] = slot < kept ? scored[slot].second : item{-1};
      }
      found[static_cast<std::size_t>(row)] = static_cast<index>(kept);
    }
  });
  for (std::size_t row = 0; row < found.size(); ++row) {
    counts.drawn += found[row];
    counts.short_rows += found[row] < slots ? 1 : 0;
    if (!out.found.empty()) { out.found[row] = found[row]; }
  }
  return counts;
}

}  // namespace dynamicpo::inline v1::sample
