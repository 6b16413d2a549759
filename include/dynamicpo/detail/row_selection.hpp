// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/few_sorted.hpp"
#include "dynamicpo/detail/lane_select.hpp"
#include "dynamicpo/detail/long_cuts.hpp"
#include "dynamicpo/detail/long_row.hpp"
#include "dynamicpo/detail/present_tile.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/detail/slot_list.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/detail/tiles.hpp"
#include "dynamicpo/detail/whole_tile.hpp"
#include "dynamicpo/outputs.hpp"
#include "dynamicpo/select/concept.hpp"

/// How a block of rows goes through a selection alone: side by side in tiles, or one by one.
namespace dynamicpo::inline v1::detail {

/// Sees rows through steps 1 and 2 and writes what is asked for. The slots of a row begin at its own place among all
/// rejected, offsets[row + 1] is how many there are.
template <class Select, class P, class Space>
struct row_selection {
  using T = compute_of<P>;
  static constexpr bool in_lanes = runs_number_in_lanes<T, Space> && selects_in_lanes<Select>;

  const Select& select;
  const scores<P, Space>& policy;
  const selection_outputs<std::remove_const_t<P>>& out;

  /// Rows [first, end), a block.
  template <std::size_t Bytes>
  void operator()(register_bytes<Bytes>, index first, index end, row_buffers<T>& lane,
                  const block_totals<T>& totals) const {
    group_total<T>& total = totals.of(first);
    if constexpr (in_lanes) {
      using V = lanes<T, 64 / sizeof(T), Bytes>;
      for_each_tile<tile<V>, true>(
          policy, first, end, false,
          [&](tile<V> * now, tile<V> * next) __attribute__((always_inline)) {
            if (next != nullptr) { load(*next); }
            if (now != nullptr) { side_by_side_rows(*now, lane, total); }
          },
          [&](const long_rows& left) { return some_long_rows<V>(left, lane, total); });
    } else {
      for (; first < end; ++first) { one_row(first, lane, total); }
    }
  }

 private:
  template <class V>
  DYNAMICPO_INLINE void load(tile<V>& rows) const {
    if (rows.is_whole(policy, reference_free)) {
      load_whole<true, true, true>(rows, policy, reference_free);
    } else {
      rows.measure(policy);
      if constexpr (has_present_tiles<V, scores<P, Space>, reference_free_t>) {
        if (comes_to_registers(rows, policy, reference_free)) {
          return run_apart<V::bytes>([&](auto) { load_present<true, true>(rows, policy, reference_free); });
        }
      }
      rows.template load_rows<true, true>(policy, reference_free);
    }
  }

  template <class V>
  DYNAMICPO_INLINE void side_by_side_rows(tile<V>& rows, row_buffers<T>& lane, group_total<T>& total) const {
    if (rows.columns == 0) {
      for (std::size_t l = 0; l < rows.used; ++l) { one_row(rows.row(l), lane, total); }
      return;
    }
    const auto found = select_in_lanes(select, rows.chosen_score, rows.score, rows.columns, ~rows.apart);
    const side_by_side<V> layout{found.least, {}};
    lane_bits<V> selected{};
    for (std::size_t k = 0; k < rows.columns; ++k) { selected.set(k, layout.selected(rows.score[k])); }
    std::uint64_t bits[V::count];
    selected.store(bits);
    alignas(64) T rest[V::count];
    if (!out.mean_rest.empty()) {
      const V count = number_selected(rows.score, rows.columns, layout);
      V(mean_of_rest(rows.score, rows.columns, layout, accumulator_of<V>(count))).store(rest);
    }
    alignas(64) bits_of<T> known[V::count], clustered[V::count];
    (found.known & ~rows.apart).store(known);
    found.clustered.store(clustered);
    for (std::size_t l = 0; l < rows.used; ++l) {
      const index row = rows.row(l);
      // What selects nothing may have nothing to select from, and says so by itself.
      if (known[l] == 0 || bits[l] == 0) {
        one_row(row, lane, total);
        continue;
      }
      const auto at = static_cast<std::size_t>(row);
      const auto count = static_cast<index>(std::popcount(bits[l]));
      ++total.counts.rows;
      total.seen.selected += count;
      if (!out.rule.empty()) { out.rule[at] = clustered[l] != 0 ? selection_rule::cluster : found.rule; }
      if (!out.mean_rest.empty()) { out.mean_rest[at] = rest[l]; }
      if (!out.offsets.empty()) {
        out.offsets[at + 1] = count;
        std::int32_t* to = &out.slots[static_cast<std::size_t>(policy.flat(row) - policy.flat(0))];
        for (std::uint64_t left = bits[l]; left != 0; left &= left - 1) { *to++ = std::countr_zero(left); }
      }
    }
  }

  /// Sees the first of some long rows through, and the next ones where their cuts are found together; returns how many.
  template <class V>
  std::size_t some_long_rows(const long_rows& rows, row_buffers<T>& lane, group_total<T>& total) const {
    if constexpr (searches_cuts<Select> && std::is_same_v<std::remove_const_t<P>, T> && V::bytes >= 32) {
      const std::size_t number = for_each_long_cut<V>(
          select, policy, rows,
          [&](index row, const std::optional<select::cut<T>>& cut) { long_row_or_one<V>(row, lane, total, cut); });
      if (number > 0) { return number; }
    }
    run_apart<V::bytes>([&](auto) { long_row_or_one<V>(rows[0], lane, total, std::nullopt); });
    return 1;
  }
  template <class V>
  DYNAMICPO_INLINE void long_row_or_one(index row, row_buffers<T>& lane, group_total<T>& total,
                                        const std::optional<select::cut<T>>& known) const {
    if (!long_row_in_place<V>(row, lane, total, known)) { one_row(row, lane, total); }
  }
  /// False where it is not all there, not finite or nothing is selected.
  template <class V>
  DYNAMICPO_INLINE bool long_row_in_place(index row, row_buffers<T>& lane, group_total<T>& total,
                                          const std::optional<select::cut<T>>& known) const {
    if constexpr (!std::is_same_v<std::remove_const_t<P>, T>) {
      return false;
    } else {
      if (policy.masked() || !tile<V>::in_place(policy)) { return false; }
      const std::span<const T> scores(&policy.rejected(row, 0), static_cast<std::size_t>(policy.negatives(row)));
      const T chosen = policy.chosen(row);
      if (!elementary::isfinite(chosen) || !all_finite(scores)) { return false; }
      auto scratch = lane.scratch();
      const auto cut =
          known ? *known : cut_apart<V::bytes>(select, select::row_scores<T>{chosen, scores, row}, scratch);
      const std::size_t number = list_reaching(scores, cut.least, lane.pick.data());
      if (number == 0) { return false; }
      const auto at = static_cast<std::size_t>(row);
      ++total.counts.rows;
      total.seen.selected += static_cast<index>(number);
      if (!out.rule.empty()) { out.rule[at] = cut.rule; }
      if (!out.mean_rest.empty()) {
        const accumulator_of<T> count(static_cast<double>(number));
        out.mean_rest[at] =
            static_cast<T>(mean_of_rest<true>(scores.data(), scores.size(), side_by_side<T>{cut.least, count}, count));
      }
      if (!out.offsets.empty()) {
        out.offsets[at + 1] = static_cast<index>(number);
        std::copy_n(lane.pick.data(), number, &out.slots[static_cast<std::size_t>(policy.flat(row) - policy.flat(0))]);
      }
      return true;
    }
  }

  [[gnu::noinline]] void one_row(index row, row_buffers<T>& lane, group_total<T>& total) const {
    const auto at = static_cast<std::size_t>(row);
    const auto loaded = load_row<T>(policy, reference_free, row, lane);
    selected_row<T> found;
    if (loaded.problem != defect::none) {
      note_invalid(total.counts, row, loaded.problem, loaded.problem_slot);
    } else {
      found = select_row(select, loaded, row, lane);
      ++(found.count > 0 ? total.counts.rows : total.counts.empty_rows);
    }
    total.seen.selected += found.count;
    if (!out.rule.empty()) { out.rule[at] = found.rule; }
    if (!out.mean_rest.empty()) {
      out.mean_rest[at] = found.count > 0 ? static_cast<T>(mean_of_rest(loaded.negatives, found.count, lane))
                                          : T(std::numeric_limits<double>::quiet_NaN());
    }
    if (!out.offsets.empty()) {
      out.offsets[at + 1] = found.count;
      for (index j = 0; j < found.count; ++j) {
        out.slots[static_cast<std::size_t>(policy.flat(row) - policy.flat(0) + j)] =
            lane.slot[static_cast<std::size_t>(lane.pick[static_cast<std::size_t>(j)])];
      }
    }
  }
};

}  // namespace dynamicpo::inline v1::detail
