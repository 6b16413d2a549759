// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/column_evaluation.hpp"
#include "dynamicpo/detail/joined_rows.hpp"
#include "dynamicpo/detail/lane_select.hpp"
#include "dynamicpo/detail/present_tile.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/detail/rows_alone.hpp"
#include "dynamicpo/detail/stream_store.hpp"
#include "dynamicpo/detail/summed_rows.hpp"
#include "dynamicpo/detail/tile_store.hpp"
#include "dynamicpo/detail/tiles.hpp"
#include "dynamicpo/detail/whole_tile.hpp"
#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/outputs.hpp"

/// How a group of rows goes through the three steps: side by side in tiles, along the lanes, or one by one.
namespace dynamicpo::inline v1::detail {

/// Sees rows through the three steps and writes what is asked for.
template <bool WithGradient, bool WithInstruments, class Pipeline, class P, class Reference, class Space>
struct row_evaluation : summed_rows<WithGradient, WithInstruments, Pipeline, P, Reference, Space> {
  using alone = rows_alone<WithGradient, WithInstruments, Pipeline, P, Reference, Space>;
  using joining = joined_rows<WithGradient, WithInstruments, Pipeline, P, Reference, Space>;
  using summing = summed_rows<WithGradient, WithInstruments, Pipeline, P, Reference, Space>;
  using typename alone::aggregate;
  using typename alone::beta_type;
  using typename alone::block_rows;
  using typename alone::compute;
  using typename alone::objective_type;
  using typename alone::stored;
  template <std::size_t Bytes>
  using lanes_of = typename alone::template lanes_of<Bytes>;
  using alone::in_lanes;
  using alone::out;
  using alone::past_caches;
  using alone::pipeline;
  using alone::policy;
  using alone::reads_ratios_once;
  using alone::reference;
  using alone::scale;
  using alone::takes_all;
  using alone::whole_rows;
  using summing::sums_rows;

  /// Whether a score and its log-ratio are one number, in one array of a whole tile: read before it becomes a utility.
  static constexpr bool one_array = takes_all && std::is_same_v<Reference, reference_free_t>;

  /// Whether the rows after are asked for with the columns of a tile: where these take longer than to be loaded.
  static constexpr bool asks_with_columns = !(whole_rows && reads_sum_alone<aggregate>);

  /// Rows [first, end), a block.
  template <std::size_t Bytes>
  void operator()(register_bytes<Bytes>, index first, index end, row_buffers<compute>& lane,
                  const block_totals<compute>& totals) const {
    block_rows block{first, totals.of(first).counts, lane.loss.data()};
    if constexpr (in_lanes && !WithInstruments) {
      using V = lanes_of<Bytes>;
      for_each_tile<evaluated_tile<V>, !takes_all>(
          policy, first, end, summing::sums_long_rows(),
          [&](evaluated_tile<V>* now, evaluated_tile<V>* next) { side_by_side_rows(now, next, lane, block); },
          [&](const long_rows& left) { return joining::template some_long_rows<V>(left, lane, block); });
    } else {
      for (index row = first; row < end; ++row) { alone::one_row(row, lane, block, &totals.of(row).seen); }
    }
    if (past_caches) { finish_streams(); }
    sum_groups(block, end, totals);
  }

 private:
  /// Adds up the groups of a block, four at a time: each in turn, so that none waits for another.
  static void sum_groups(const block_rows& block, index end, const block_totals<compute>& totals) {
    constexpr index together = 4;
    index row = block.first;
    for (; row + together * rows_per_group <= end; row += together * rows_per_group) {
      accumulator_of<compute> sum[together] = {};
      for (index i = row; i < row + rows_per_group; ++i) {
        for (index g = 0; g < together; ++g) {
          sum[g] += accumulator_of<compute>(block.loss_of(i + g * rows_per_group));
        }
      }
      for (index g = 0; g < together; ++g) { totals.of(row + g * rows_per_group).loss = sum[g]; }
    }
    for (; row < end; row += rows_per_group) {
      accumulator_of<compute> sum(0);
      for (index i = row; i < std::min(end, row + rows_per_group); ++i) {
        sum += accumulator_of<compute>(block.loss_of(i));
      }
      totals.of(row).loss = sum;
    }
  }

  /// A tile, and what it comes to.
  template <class V>
  struct evaluated_tile : tile<V> {
    evaluated_row<V> result;
    V least;     ///< the least selected score
    V selected;  ///< how many negatives are
    accumulator_of<V> mean_rest{V(0)};
    asked_scores asked;
    typename V::truth empty;
  };

  /// Three chains of operations each of which waits for the one before: that of a tile's margins, that from their
  /// aggregate to the loss, and what is written of it. They are begun so that between two links of one there is another
  /// tile's work to do: the processor looks only so far ahead for it.
  template <class V>
  DYNAMICPO_INLINE void side_by_side_rows(evaluated_tile<V>* now, evaluated_tile<V>* next, row_buffers<compute>& lane,
                                          block_rows& block) const {
    if (next != nullptr && (policy.ragged() || policy.masked())) { measure_early(*next); }
    if (now != nullptr && now->columns > 0) { link_tile(*now); }
    if (next != nullptr) { load_tile(*next); }
    if (next != nullptr && next->columns > 0) { reduce_tile(*next); }
    if (now != nullptr) {
      if (now->columns > 0) {
        write_tile(*now, lane, block);
      } else {
        for (std::size_t l = 0; l < now->used; ++l) { alone::template apart_row<V>(now->row(l), lane, block); }
      }
    }
  }

  /// Before the tile at work: what is stored number by number is then there to be read as a whole.
  template <class V>
  bool is_measured_early(const tile<V>& rows) const {
    return policy.masked() || (policy.ragged() && !goes_along(rows));
  }
  /// Whether the sums of ragged rows are faster taken along them: without AVX-512's squares, and of long ones.
  template <class V>
  [[gnu::noinline]] bool goes_along(const tile<V>& rows) const {
    if constexpr (!summing::sums_short_rows || panel<V>::blocks < 4) {
      return summing::sums_short_rows;
    } else {
      constexpr auto count = static_cast<index>(V::count), from = index{22};
      return rows.in_turn && rows.used == V::count &&
             policy.flat(rows.row(0) + count) - policy.flat(rows.row(0)) > from * count;
    }
  }
  template <class V>
  [[gnu::noinline]] void measure_early(evaluated_tile<V>& rows) const {
    if (!is_measured_early(rows)) { return; }
    run_apart<V::bytes>([&](auto) { rows.measure(policy); });
  }

  /// Step 1.
  template <class V>
  DYNAMICPO_INLINE void load_tile(evaluated_tile<V>& rows) const {
    rows.whole = rows.has_margins = rows.by_presence = rows.summed = false;
    if constexpr (sums_rows) {
      if (rows.is_long(policy)) { return summing::sum_long_rows(rows); }
    }
    if (policy.ragged() && !goes_along(rows)) { return load_other(rows); }
    rows.summed = summing::sum_tile(rows);
    if (rows.summed) { return; }
    rows.whole = rows.is_whole(policy, reference);
    if (!rows.whole) { return load_other(rows); }
    // A sum of margins tells of whatever is not finite, an overflow.
    constexpr bool checked = !(whole_rows && reads_sum_alone<aggregate>);
    if constexpr (whole_rows) {
      constexpr index few = 8;  // panels of so few columns are loaded no faster than their margins are formed
      rows.has_margins = out.effective_beta.empty() && (checked || policy.negatives(rows.row(0)) > few);
      if (rows.has_margins) {
        return load_whole<false, checked, !asks_with_columns>(
            rows, policy, reference, weights_of(rows),
            [&](const tile<V>& loaded) { return summing::margins_of_tile(loaded); });
      }
    }
    load_whole<!whole_rows && !one_array, checked, !asks_with_columns>(rows, policy, reference);
  }

  /// Step 1 of a tile that is not whole.
  template <class V>
  DYNAMICPO_INLINE void load_other(evaluated_tile<V>& rows) const {
    run_apart<V::bytes>([&](auto) {
      if (!is_measured_early(rows)) { rows.measure(policy); }
      if constexpr (has_present_tiles<V, scores<P, Space>, Reference>) {
        if (comes_to_registers(rows, policy, reference)) { return load_present_of(rows); }
      }
      rows.template load_rows<!whole_rows, !asks_with_columns>(policy, reference);
    });
  }
  template <class V>
  DYNAMICPO_INLINE void load_present_of(evaluated_tile<V>& rows) const {
    if constexpr (whole_rows) {
      rows.has_margins = out.effective_beta.empty();
      if (rows.has_margins) {
        constexpr bool checked = !reads_sum_alone<aggregate>;
        return load_present<checked, !asks_with_columns>(
            rows, policy, reference, weights_of(rows), absent_margin<V>(pipeline.objective.aggregate),
            [&](const tile<V>& loaded) { return summing::margins_of_tile(loaded); });
      }
    }
    load_present<!whole_rows, !asks_with_columns>(rows, policy, reference);
  }

  /// Where a log-ratio is read once, for its margin, a weight takes its place: half the memory to go through.
  template <class V>
  DYNAMICPO_INLINE static V* weights_of(evaluated_tile<V>& rows) {
    if constexpr (reads_ratios_once) {
      if (rows.whole || rows.has_margins) { return rows.ratio; }
    }
    return rows.weight;
  }

  /// Calls work(evaluation) for how the tile lies.
  template <class V, class Work>
  DYNAMICPO_INLINE void with_evaluation(evaluated_tile<V>& rows, const Work& work) const {
    const row_columns<V> columns{one_array && rows.whole ? rows.ratio : rows.score, rows.ratio,
                                 out.effective_beta.empty() && uniform<beta_type> ? nullptr : rows.beta,
                                 weights_of(rows), rows.columns};
    const auto with = [&](const auto& layout) __attribute__((always_inline)) {
      using layout_type = std::remove_cvref_t<decltype(layout)>;
      work(column_evaluation<V, layout_type, beta_type, objective_type>{pipeline.beta, pipeline.objective, layout,
                                                                        rows.chosen_score, rows.mean_rest, columns});
    };
    if constexpr (whole_rows) {
      if (rows.has_margins) {
        const accumulator_of<V> count(rows.selected);
        if constexpr (asks_with_columns) {
          return with(side_by_side_margins<V, asked_scores>{rows.columns, count, rows.whole, rows.asked});
        } else {
          return with(side_by_side_margins<V, asks_nothing>{rows.columns, count, rows.whole});
        }
      }
    }
    if constexpr (sums_rows) {
      if (rows.summed) {
        return with(side_by_side_summed<V>{accumulator_of<V>(rows.selected), rows.total,
                                           static_cast<std::size_t>(rows.count[0])});
      }
    }
    if constexpr (takes_all) {
      if (rows.whole) { return with(side_by_side_whole<V>{rows.columns, rows.asked}); }
    }
    with(side_by_side<V>{rows.least, accumulator_of<V>(rows.selected), rows.asked});
  }

  /// Step 2.
  template <class V>
  DYNAMICPO_INLINE void select_of_tile(evaluated_tile<V>& rows) const {
    rows.least = V(std::numeric_limits<compute>::lowest());
    if constexpr (takes_all) {
      if (rows.whole) {
        rows.selected = V(static_cast<compute>(rows.columns));
        return;
      }
    }
    if constexpr (whole_rows) {
      if (rows.has_margins) {
        rows.selected = rows.number_present();
        return;
      }
    }
    if constexpr (sums_rows) {
      if (rows.summed) {
        alignas(64) compute numbers[V::count];
        for (std::size_t l = 0; l < V::count; ++l) { numbers[l] = static_cast<compute>(rows.count[l]); }
        rows.selected = V::load(numbers);
        return;
      }
    }
    const auto selection = select_in_lanes(pipeline.select, rows.chosen_score, rows.score, rows.columns, ~rows.apart);
    rows.apart = rows.apart | ~selection.known;
    rows.least = selection.least;
    rows.selected = number_selected(rows.score, rows.columns, side_by_side<V>{selection.least, {}});
  }

  /// Step 2, and step 3 up to the aggregate margin.
  template <class V>
  DYNAMICPO_INLINE void reduce_tile(evaluated_tile<V>& rows) const {
    select_of_tile(rows);
    if constexpr (asks_with_columns) {
      rows.asked = {rows.rejected_with_columns(policy), rows.rejected_with_columns(reference)};
    }
    with_evaluation(
        rows, [&](const auto& of) __attribute__((always_inline)) {
          if constexpr (beta_type::needs_rest) {
            const accumulator_of<V> count(rows.selected);
            rows.mean_rest = rows.whole ? mean_of_rest<true>(of.row.score, rows.columns, of.layout, count)
                                        : mean_of_rest<false>(of.row.score, rows.columns, of.layout, count);
          }
          of.reduce(rows.chosen_ratio, rows.result);
        });
    rows.empty = rows.selected == V(0);
    if constexpr (aggregate::max_negatives < std::numeric_limits<index>::max()) {
      rows.apart = rows.apart | (V(static_cast<double>(aggregate::max_negatives)) < rows.selected);
    }
  }
  /// Step 3 up to the loss, and the derivatives.
  template <class V>
  DYNAMICPO_INLINE void link_tile(evaluated_tile<V>& rows) const {
    with_evaluation(
        rows, [&](const auto& of) __attribute__((always_inline)) { of.template link<WithGradient>(rows.result); });
    rows.apart = rows.apart | (rows.result.overflow & ~rows.empty);
  }
  template <class V>
  DYNAMICPO_INLINE void derive_tile(evaluated_tile<V>& rows) const {
    with_evaluation(
        rows, [&](const auto& of) __attribute__((always_inline)) { of.derive(accumulator_of<V>(scale), rows.result); });
  }

  /// Writes what is asked for, and sees the rows through that are apart.
  template <class V>
  DYNAMICPO_INLINE void write_tile(evaluated_tile<V>& rows, row_buffers<compute>& lane, block_rows& block) const {
    const V loss = where(rows.empty, V(0), rows.result.loss);
    if constexpr (WithGradient) {
      derive_tile(rows);
      store_rejected(rows);
      tile_store<V>{rows}.store_chosen(where(rows.empty, V(0), rows.result.chosen_gradient), out.gradient, policy);
    }
    if (!out.effective_beta.empty()) {
      if (takes_all && rows.whole) {  // without scores to compare
        tile_store<V>{rows}.store_by_position(rows.beta, side_by_side_whole<V>{rows.columns}, policy,
                                              out.effective_beta);
      } else {
        tile_store<V>{rows}.store_by_position(rows.beta, side_by_side<V>{rows.least, {}}, policy, out.effective_beta);
      }
    }

    if (rows.in_turn && rows.complete() && !any(rows.empty) && !any(rows.result.underflow)) {
      block.counts.rows += static_cast<index>(V::count);
      loss.store(&block.loss_of(rows.row(0)));
      if (!out.row_loss.empty()) { loss.store(&out.row_loss[static_cast<std::size_t>(rows.row(0))]); }
      return;
    }
    alignas(64) compute row_loss[V::count];
    if constexpr (!takes_all) {  // others go in turn
      if (rows.complete() && !any(rows.empty) && !any(rows.result.underflow)) {
        block.counts.rows += static_cast<index>(V::count);
        loss.store(row_loss);
        for (std::size_t l = 0; l < V::count; ++l) {
          const index row = opaque(rows.row(l));
          block.loss_of(row) = row_loss[l];
          if (!out.row_loss.empty()) { out.row_loss[static_cast<std::size_t>(row)] = row_loss[l]; }
        }
        return;
      }
    }
    alignas(64) bits_of<compute> apart[V::count], none[V::count], underflow[V::count];
    loss.store(row_loss);
    rows.apart.store(apart);
    rows.empty.store(none);
    rows.result.underflow.store(underflow);
    for (std::size_t l = 0; l < rows.used; ++l) {
      const index row = rows.row(l);
      if (apart[l] != 0) {
        alone::template apart_row<V>(row, lane, block);
        continue;
      }
      ++(none[l] != 0 ? block.counts.empty_rows : block.counts.rows);
      block.counts.underflow_rows += underflow[l] != 0 && none[l] == 0 ? 1 : 0;
      alone::add_loss(row, row_loss[l], block);
    }
  }

  template <class V>
  DYNAMICPO_INLINE void store_rejected(evaluated_tile<V>& rows) const {
    const tile_store<V> store{rows, past_caches};
    if constexpr (sums_rows) {
      if (rows.is_long(policy)) {
        alignas(64) compute weight[V::count];
        alignas(64) bits_of<compute> apart[V::count];
        rows.weight[0].store(weight);
        rows.apart.store(apart);
        for (std::size_t l = 0; l < V::count; ++l) {
          if (apart[l] == 0) { alone::template fill_long_row<V>(rows.row(l), weight[l]); }
        }
        return;
      }
    }
    if constexpr (takes_all && one_weight<beta_type, objective_type>) {
      if constexpr (std::is_same_v<stored, compute>) {
        if ((rows.whole || rows.summed) && rows.complete() && !out.gradient.ragged() &&
            out.gradient.rejected_matrix().column_stride == 1) {
          return store.fill_rejected(rows.weight[0], out.gradient);
        }
        if constexpr (stores_present<V>) {
          if (rows.has_margins && rows.by_presence && store.takes_bits(out.gradient, policy)) {
            return store.fill_present(rows.weight[0], out.gradient);
          }
        }
        if (!policy.masked() && store.lies_in_line(out.gradient, policy)) {
          return store.fill_in_line(rows.weight[0], out.gradient);
        }
      }
      if (rows.has_margins && rows.by_presence) {
        const auto there = lane_bits<V>::load(rows.present);
        const V weight = rows.weight[0];
        for (std::size_t k = 0; k < rows.columns; ++k) { rows.weight[k] = where(there[k], weight, V(0)); }
      } else if (rows.whole || rows.summed) {
        for (std::size_t k = 1; k < rows.columns; ++k) { rows.weight[k] = rows.weight[0]; }
      }
    }
    if constexpr (leaves_factor<side_by_side_whole<V>, beta_type, objective_type> && takes_all) {
      const V factor = rows.result.factor;
      if (rows.has_margins && policy.masked()) {
        return run_apart<V::bytes>([&](auto) {
          const auto there = lane_bits<V>::load(rows.present);
          store.store_rejected(
              [&](std::size_t k)
                  __attribute__((always_inline)) { return where(there[k], rows.ratio[k] * factor, V(0)); },
              out.gradient, policy);
        });
      }
      if (rows.whole || rows.has_margins) {
        return store.store_rejected(
            [&](std::size_t k) __attribute__((always_inline)) { return rows.ratio[k] * factor; }, out.gradient, policy);
      }
    }
    const V* const weight = weights_of(rows);
    store.store_rejected(
        [&](std::size_t k) __attribute__((always_inline))->const V& { return weight[k]; }, out.gradient, policy);
  }
};

}  // namespace dynamicpo::inline v1::detail
