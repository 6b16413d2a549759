// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/list_search.hpp"
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

}  // namespace dynamicpo::inline v1::sample

namespace dynamicpo::inline v1::detail {

/// The positives of a row as they are searched.
DYNAMICPO_INLINE lined_list lined_positives(const sample::item_lists& positives, index row) {
  const std::span<const sample::item> list = positives.of(row);
  return positives.marks.empty() || list.empty() ? lined_list::of(list)
                                                 : lined_list::of(list, positives.items, positives.marks);
}

/// draw_negatives for rows first .. end - 1. Returns the first whose positives are not in order, -1 when there is none.
template <std::size_t Bytes, sample::sampler Sampler>
DYNAMICPO_INLINE index draw_block(const Sampler& from, const sample::item_lists& positives, const sample::place& at,
                                  bool replacement, index slots, index first, index end, taken_items& taken,
                                  const sample::negative_outputs& out, sample::draw_counts& counts) {
  using draws_of_row = row_draws<Sampler, Bytes>;
  constexpr auto group = static_cast<index>(draws_of_row::group);
  const bool marked = !positives.marks.empty();
  struct group_place {
    index row, slot, slots;
    void next() {
      slot += group;
      if (slot >= slots) { ++row, slot = 0; }
    }
  };
  // While a group is settled, the tries of the second after it are made, and the words of the third: memory is asked
  // for what they lead to.
  constexpr unsigned ahead = 2;
  group_place at_words{first, 0, slots}, at_tries = at_words;
  slot_words<draws_of_row::group, Bytes> words;
  typename draws_of_row::tries tries[ahead + 1];
  const auto make_words = [&]() __attribute__((always_inline)) {
    words.make({at.seed, at.epoch, at.first_row + at_words.row}, at_words.slot);
    prefetch_draws(from, words);
    if (at_words.slot == 0 && at_words.row < end) { lined_positives(positives, at_words.row).prefetch(); }
    at_words.next();
  };
  const auto make_tries = [&](typename draws_of_row::tries & made) __attribute__((always_inline)) {
    made.draw(from, words);
    if (marked && at_tries.row < end) {
      made.windows.find(lined_positives(positives, at_tries.row), made.items);
      made.windows.prefetch();
    }
    at_tries.next();
    make_words();
  };
  make_words();
  for (unsigned i = 0; i < ahead; ++i) { make_tries(tries[i]); }
  unsigned next = ahead;
  for (index row = first; row < end; ++row) {
    const auto excluded = positives.of(row);
    if (!marked && !ascending<Bytes>(excluded)) { return row; }  // here, so that long lists are fetched once
    draws_of_row draws(from, excluded, replacement, slots, taken);
    const double left =
        out.log_q.empty() ? 0.0 : log_probability_left(from, excluded.data(), static_cast<index>(excluded.size()));
    const auto write = [&](index slot, index candidate) {
      const auto entry = static_cast<std::size_t>(row * slots + slot);
      out.items[entry] = candidate < 0 ? sample::item{-1} : from.item_of(candidate);
      if (!out.log_q.empty()) { out.log_q[entry] = log_probability_of(from, candidate, left); }
    };
    for (index slot = 0; slot == 0 || slot < slots; slot += group) {
      make_tries(tries[next]);
      next = next == ahead ? 0 : next + 1;
      auto& made = tries[next];  // the oldest
      if (!marked) { made.windows.find(lined_list::of(excluded), made.items); }
      draws.settle(made, counts, write);
    }
    const index found = draws.finish(counts);
    if (!out.found.empty()) { out.found[static_cast<std::size_t>(row)] = found; }
  }
  return -1;
}

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::sample {

/// K negatives for each of `rows` rows: candidates of `from` that are no positive of the row, drawn by q among those;
/// without replacement one by one, each by q among those left. A draw that may not be is repeated up to 32 times, then
/// the candidates left are gone through: exact, and never a loop. A row that runs out is filled up with -1.
/// \param positives  of each row, in ascending order; may hold items that are no candidates. Those of checked_lists are
///                   searched faster, to the same draws.
/// \throws std::invalid_argument when outputs do not fit `rows`, or positives are not in order (which is found while
///         drawing: some of the outputs are written; never with checked_lists).
/// Draws depend on (seed, epoch, row, slot), sampler and positives alone. Expected cost O(P + K (log P + K)) a row,
/// less the P with checked_lists, while rejections are few, O(K n) where they are not; log_q adds O(P log n) a row,
/// O(n log P) where positives hold more than half of q. Allocates.
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
      part.bad_row = detail::draw_block<bytes()>(from, positives, at, replacement, slots, first, end,
                                                 taken[static_cast<std::size_t>(lane)], out, part.counts);
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
