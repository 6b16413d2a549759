// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row_draws.hpp"
#include "dynamicpo/sample/concept.hpp"
#include "dynamicpo/sample/draw_counts.hpp"
#include "dynamicpo/sample/item_lists.hpp"
#include "dynamicpo/sample/place.hpp"

namespace dynamicpo::inline v1::sample {

/// What `draw_negatives` writes; K = items.size() / B.
struct negative_outputs {
  std::span<item> items{};    ///< [B, K] ids, -1 where a row has no more
  std::span<double> log_q{};  ///< [B, K] log of q(item) given that it is no positive of the row; optional
  std::span<index> found{};   ///< [B] how many of each row are there; optional
};

/// K negatives for each of `rows` rows: candidates of `from` that are no positive of the row, drawn by q among those;
/// without replacement one by one, each by q among those left. A draw that may not be is repeated up to 32 times, then
/// the candidates left are gone through: exact, and never a loop. A row that runs out is filled up with -1.
/// \param positives  of each row, in ascending order; may hold items that are no candidates.
/// \throws std::invalid_argument when outputs do not fit `rows`, or positives are not in order (which is found while
///         drawing: some of the outputs are written).
/// Draws depend on (seed, epoch, row, slot), sampler and positives alone. Expected cost O(K (log P + K)) a row while
/// rejections are few, O(K n) where they are not; log_q adds O(P log n) a row, O(n log P) where positives hold
/// more than half of q. Allocates.
template <class Exec, sampler Sampler>
draw_counts draw_negatives(const Exec& exec, const Sampler& from, index rows, const item_lists& positives,
                           const place& at, bool replacement, const negative_outputs& out) {
  constexpr const char* where = "draw_negatives";
  require_rows(where, rows, static_cast<index>(out.items.size()));
  at.require(where, rows);
  detail::require_room(where, "log_q", out.log_q, static_cast<index>(out.items.size()));
  detail::require_room(where, "found", out.found, rows);
  positives.require_offsets(where, rows);
  if (rows == 0) { return {}; }

  constexpr index block_rows = 256;
  const index slots = static_cast<index>(out.items.size()) / rows, blocks = (rows + block_rows - 1) / block_rows;
  struct block_result {
    draw_counts counts;
    index bad_row = -1;
  };
  std::vector<detail::taken_items> taken(static_cast<std::size_t>(exec.lanes(blocks)));
  std::vector<block_result> parts(static_cast<std::size_t>(blocks));
  exec.for_each_block(blocks, [&](index block, index lane) {
    block_result part;
    const index first = block * block_rows, end = std::min(rows, first + block_rows);
    detail::run_on_this_processor([&](auto bytes) {
      using draws_of_row = detail::row_draws<Sampler, bytes()>;
      // A row's words are made, and memory asked for what they lead to, while the row before it is drawn.
      const auto words_of = [&](index row) __attribute__((always_inline)) {
        const typename draws_of_row::first_words words({at.seed, at.epoch, at.first_row + row}, 0);
        detail::prefetch_draws(from, words);
        if (row < rows) { positives.prefetch(row); }
        return words;
      };
      auto next_words = words_of(first);
      for (index row = first; row < end; ++row) {
        const auto words = next_words;
        next_words = words_of(row + 1);
        if (!positives.ascending(row)) {  // here, so that long lists are fetched once
          part.bad_row = row;
          break;
        }
        const auto excluded = positives.of(row);
        draws_of_row draws(from, excluded, replacement, taken[static_cast<std::size_t>(lane)]);
        const double left = out.log_q.empty() ? 0.0
                                              : detail::log_probability_left(from, excluded.data(),
                                                                             static_cast<index>(excluded.size()));
        const auto write = [&](index slot, index candidate) {
          const auto entry = static_cast<std::size_t>(row * slots + slot);
          out.items[entry] = candidate < 0 ? item{-1} : from.item_of(candidate);
          if (!out.log_q.empty()) { out.log_q[entry] = detail::log_probability_of(from, candidate, left); }
        };
        const index found = draws.draw(words, slots, part.counts, write);
        if (!out.found.empty()) { out.found[static_cast<std::size_t>(row)] = found; }
      }
    });
    parts[static_cast<std::size_t>(block)] = part;
  });
  draw_counts total;
  for (const block_result& part : parts) {
    if (part.bad_row >= 0) { item_lists::throw_order(where, part.bad_row); }
    total += part.counts;
  }
  return total;
}

}  // namespace dynamicpo::inline v1::sample
