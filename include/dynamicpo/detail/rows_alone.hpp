// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/column_evaluation.hpp"
#include "dynamicpo/detail/instrument_row.hpp"
#include "dynamicpo/detail/lane_select.hpp"
#include "dynamicpo/detail/long_row.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/detail/row_stores.hpp"
#include "dynamicpo/detail/slot_list.hpp"
#include "dynamicpo/detail/stream_store.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/objective/margin.hpp"
#include "dynamicpo/outputs.hpp"

/// How one row goes through the three steps: along the lanes, or number by number.
namespace dynamicpo::inline v1::detail {

template <class T, class Space>
void clear_row(const scores<T, Space>& gradient, index row) {
  gradient.chosen(row) = static_cast<T>(0.0f);
  for (index k = 0; k < gradient.negatives(row); ++k) { gradient.rejected(row, k) = static_cast<T>(0.0f); }
}

/// Whether rows run side by side: the stages say they can.
template <class Pipeline, class T, class Space>
inline constexpr bool runs_in_lanes =
    runs_number_in_lanes<T, Space>&& selects_in_lanes<typename Pipeline::select_type>&&
        lane_wise<typename Pipeline::beta_type>&& lane_wise_objective<typename Pipeline::objective_type>;

/// Sees rows through the three steps, each by itself, and writes what is asked for.
template <bool WithGradient, bool WithInstruments, class Pipeline, class P, class Reference, class Space>
struct rows_alone {
  using stored = std::remove_const_t<P>;
  using compute = compute_of<P>;
  using aggregate = std::remove_cvref_t<decltype(std::declval<Pipeline>().objective.aggregate)>;
  static constexpr bool in_lanes = runs_in_lanes<Pipeline, compute, Space>;
  static constexpr bool derives = WithGradient || WithInstruments;
  static constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
  using beta_type = typename Pipeline::beta_type;
  using objective_type = typename Pipeline::objective_type;
  /// Whether all negatives are taken; and by their log-ratios alone.
  static constexpr bool takes_all = std::is_same_v<typename Pipeline::select_type, select::all>;
  static constexpr bool whole_rows = takes_all && ratios_alone<beta_type, objective_type>;
  /// Whether these are read for the margins and no more: of shares no sum is taken over what is selected.
  static constexpr bool reads_ratios_once = whole_rows && shared<aggregate>;
  /// As many rows side by side, or negatives of one row, as 64 bytes hold; the number decides the order of sums.
  template <std::size_t Bytes>
  using lanes_of = lanes<compute, 64 / sizeof(compute), Bytes>;

  const Pipeline& pipeline;
  const scores<P, Space>& policy;
  const Reference& reference;
  const outputs<stored, Space>& out;
  accumulator_of<compute> scale;
  bool past_caches;  ///< gradients of long rows and of wide tiles are
  compute not_a_number = compute(std::numeric_limits<double>::quiet_NaN());

  using known_cut = std::optional<select::cut<compute>>;

  /// What became of the rows of a block.
  struct block_rows {
    index first;
    row_counts& counts;
    compute* loss;  ///< what each adds to the total

    compute& loss_of(index row) const { return loss[row - first]; }
  };

  bool is_long(index row) const { return policy.negatives(row) > static_cast<index>(tile_columns); }

  /// A row that no tile holds: a long one along the lanes, if it is all there and finite; else by itself. `known`:
  /// where it is cut.
  template <class V>
  DYNAMICPO_INLINE void apart_row(index row, row_buffers<compute>& lane, block_rows& block,
                                  const known_cut& known = {}) const {
    bool done = false;
    if (is_long(row)) {
      run_apart<V::bytes>([&](auto) { done = long_row_in_place<V>(row, lane, block, known); });
    }
    if (!done) { one_row(row, lane, block); }
  }

  template <class V>
  DYNAMICPO_INLINE bool long_row_in_place(index row, row_buffers<compute>& lane, block_rows& block,
                                          const known_cut& known) const {
    if constexpr (!std::is_same_v<stored, compute>) {
      return false;
    } else {
      const compute* frozen = nullptr;
      compute ratio = policy.chosen(row);
      if constexpr (has_reference) {
        if constexpr (std::is_same_v<typename Reference::value_type, compute>) {
          if (!tile<V>::in_place(reference)) { return false; }
          frozen = &reference.rejected(row, 0);
          ratio = ratio - reference.chosen(row);
        } else {
          return false;
        }
      }
      if (policy.masked() || !tile<V>::in_place(policy)) { return false; }
      const auto size = static_cast<std::size_t>(policy.negatives(row));
      const std::span<const compute> scores(&policy.rejected(row, 0), size);
      long_row<V> along(policy.chosen(row), ratio, size, lane);
      if (!elementary::isfinite(ratio)) { return false; }
      using layout = std::conditional_t<takes_all, along_the_row_whole<V>, along_the_row<V>>;
      // Of doubles the chosen gradient is a sum over what is selected, by scores: those must stay.
      if constexpr (whole_rows || (!has_reference && leaves_factor<layout, beta_type, objective_type> &&
                                   !std::is_same_v<accumulator_of<compute>, compute>)) {
        if (!along.template load_whole<reads_ratios_once>(scores.data(), frozen)) { return false; }
      } else {
        if (!along.load(scores.data(), frozen)) { return false; }
      }
      if constexpr (takes_all) {
        along.template select_all<beta_type>();
        ask_for_next(along, scores.data(), frozen, row);
      } else {
        auto scratch = lane.scratch();
        const select::row_scores<compute> seen{policy.chosen(row), scores, row};
        const compute least = known ? known->least : cut_apart<V::bytes>(pipeline.select, seen, scratch).least;
        const auto next = next_row(policy, along, scores.data(), row, size * sizeof(compute) / 128);
        const std::size_t number = list_reaching(scores, least, lane.pick.data(), next);
        if (number == 0) { return false; }
        along.template select<beta_type>(least, lane.pick.data(), number);
        if constexpr (has_reference) {
          along.layout.ask.reference = next_row(reference, along, frozen, row, along.columns);
        }
      }
      if (aggregate::max_negatives < static_cast<index>(along.number)) { return false; }
      const auto result = along.template evaluate<WithGradient, layout>(pipeline.beta, pipeline.objective, scale,
                                                                        !out.effective_beta.empty());
      if (result.overflow) { return false; }

      ++block.counts.rows;
      block.counts.underflow_rows += result.underflow ? 1 : 0;
      add_loss(row, result.loss, block);
      if constexpr (WithGradient) {
        out.gradient.chosen(row) = result.chosen_gradient;
        if constexpr (takes_all && one_weight<beta_type, objective_type>) {
          store_weight(along, row);
        } else if constexpr (leaves_factor<layout, beta_type, objective_type>) {
          store_weights(along.ratio, result.factor, row);
        } else if (along.slots == nullptr) {
          store_weights(along.weight, compute(1), row);
        } else {
          store_selected(along, row);
        }
      }
      if (!out.effective_beta.empty()) {
        compute* const to = &out.effective_beta[static_cast<std::size_t>(policy.flat(row))];
        if (along.slots == nullptr) {
          std::copy_n(along.entries(along.beta), size, to);
        } else {
          along.spread(along.beta, to);
        }
      }
      return true;
    }
  }

  /// Has `along`, the loaded `row`, ask for the next while it is seen through.
  template <class V>
  DYNAMICPO_INLINE void ask_for_next(long_row<V>& along, const compute* scores, const compute* frozen,
                                     index row) const {
    along.layout.ask.policy = next_row(policy, along, scores, row, along.columns);
    if constexpr (has_reference) {
      along.layout.ask.reference = next_row(reference, along, frozen, row, along.columns);
    }
  }
  /// What is asked for of the row after `row` of `view`, whose negatives lie `from` there on, while `along` is seen
  /// through.
  template <class View, class V>
  DYNAMICPO_INLINE static asked_by_column next_row(const View& view, const long_row<V>& along, const compute* from,
                                                   index row, std::size_t parts) {
    return along.next_row(from, view.ragged() ? view.negatives(row) : view.rejected_matrix().row_stride, parts);
  }

  /// The gradient of a long row's negatives: each weight times `factor`.
  template <class V>
  DYNAMICPO_INLINE void store_weights(const V* weight, compute factor, index row) const {
    const auto size = static_cast<std::size_t>(policy.negatives(row));
    if (out.gradient.rejected_matrix().column_stride != 1) {
      for (std::size_t k = 0; k < size; ++k) {
        out.gradient.rejected(row, static_cast<index>(k)) = weight[k / V::count][k % V::count] * factor;
      }
      return;
    }
    compute* const to = &out.gradient.rejected(row, 0);
    if (past_caches) {
      ask_for_border(to, size);
      return stream_scaled(reinterpret_cast<const compute*>(weight), factor, size, to);
    }
    const V all = broadcast<V>(factor);
    store_columns<V>(
        to, size, [&](std::size_t k) __attribute__((always_inline)) { return weight[k] * all; });
  }
  /// The same of what is selected, 0 to the others.
  template <class V>
  DYNAMICPO_INLINE void store_selected(const long_row<V>& along, index row) const {
    if (!past_caches && out.gradient.rejected_matrix().column_stride == 1) {
      return along.spread(along.weight, &out.gradient.rejected(row, 0));
    }
    along.spread(along.weight, along.entries(along.spare));
    store_weights(along.spare, compute(1), row);
  }
  /// The first weight to all.
  template <class V>
  DYNAMICPO_INLINE void store_weight(const long_row<V>& along, index row) const {
    const compute value = along.weight[0][0];
    if (out.gradient.rejected_matrix().column_stride == 1) { return fill_long_row<V>(row, value); }
    for (index k = 0; k < policy.negatives(row); ++k) { out.gradient.rejected(row, k) = value; }
  }
  /// One number to all of a long row, which lies in line.
  template <class V>
  DYNAMICPO_INLINE void fill_long_row(index row, compute value) const {
    compute* const to = &out.gradient.rejected(row, 0);
    const auto size = static_cast<std::size_t>(policy.negatives(row));
    if (past_caches) {
      ask_for_border(to, size);
      return stream_fill(value, size, to);
    }
    const V all = broadcast<V>(value);
    store_columns<V>(
        to, size, [&](std::size_t) __attribute__((always_inline))->const V& { return all; });
  }
  /// Past the caches go whole lines. That in which one row ends and another begins is read and written, and is asked
  /// for some rows before; of rows that lie otherwise it is some other line.
  DYNAMICPO_INLINE static void ask_for_border(const compute* to, std::size_t size) {
    constexpr std::size_t rows_before = 4;
    ask_ahead<true>(to, rows_before * size * sizeof(compute));
  }
  template <class V, class Column>
  DYNAMICPO_INLINE static void store_columns(compute* to, std::size_t size, const Column& column) {
    std::size_t k = 0;
    for (; (k + 1) * V::count <= size; ++k) {
      ask_ahead<true>(to + k * V::count, long_row<V>::ahead);
      column(k).store(to + k * V::count);
    }
    if (k * V::count < size) { store_first(column(k), to + k * V::count, size - k * V::count); }
  }

  /// evaluate_row of a long row whose negatives are in the buffers, with the bits that it has in place.
  evaluated_row<compute> evaluate_long_row(const loaded_row<compute>& loaded, index count,
                                           row_buffers<compute>& lane) const {
    evaluated_row<compute> result;
    run_apart<target_bytes>([&](auto bytes) {
      using V = lanes_of<bytes>;
      long_row<V> along(loaded.score, loaded.ratio, static_cast<std::size_t>(loaded.negatives), lane);
      along.load_ratios(lane.score.data(), lane.ratio.data());
      const auto number = static_cast<std::size_t>(count);
      compute least = std::numeric_limits<compute>::infinity();
      for (std::size_t j = 0; j < number; ++j) {
        least = std::min(least, lane.score[static_cast<std::size_t>(lane.pick[j])]);
      }
      along.template select<beta_type>(least, lane.pick.data(), number);
      result = along.template evaluate<derives, along_the_row<V>>(pipeline.beta, pipeline.objective, scale, true);
      std::copy_n(along.entries(along.beta), number, lane.beta.data());
      std::copy_n(along.entries(along.weight), number, lane.weight.data());
    });
    return result;
  }

  [[gnu::noinline]] void one_row(index row, row_buffers<compute>& lane, block_rows& block,
                                 instruments<accumulator_of<compute>>* seen = nullptr) const {
    loaded_row<compute> loaded = load_row(policy, reference, row, lane);
    if constexpr (WithGradient) { clear_row(out.gradient, row); }
    const auto first = static_cast<std::size_t>(policy.flat(row));
    if (!out.effective_beta.empty()) {
      const auto betas = out.effective_beta.subspan(first, static_cast<std::size_t>(policy.negatives(row)));
      std::fill(betas.begin(), betas.end(), compute(0));
    }
    const bool propagate = out.nonfinite == nonfinite::propagate;
    if (loaded.problem != defect::none && !propagate) { return invalid(row, loaded, block); }

    const selected_row<compute> chosen_few = select_row(pipeline.select, loaded, row, lane);
    const bool too_many = chosen_few.count > aggregate::max_negatives;
    if (loaded.problem == defect::none && too_many) {
      loaded.note(defect::too_many_negatives, -1);
      return invalid(row, loaded, block);
    }
    if (loaded.problem == defect::none && chosen_few.count == 0) {
      ++block.counts.empty_rows;
      return add_loss(row, compute(0), block);
    }
    const index count = too_many ? 0 : chosen_few.count;
    evaluated_row<compute> result;
    if (count > 0) {
      result = evaluate_loaded(loaded, count, lane);
    } else {  // propagate, and no negatives that the objective could take
      result.loss = result.chosen_gradient = not_a_number;
    }
    if (result.overflow) { loaded.note(defect::margin, -1); }
    if (loaded.problem != defect::none) {
      if (!propagate) { return invalid(row, loaded, block); }
      note_invalid(block.counts, row, loaded.problem, loaded.problem_slot);
    } else {
      ++block.counts.rows;
      block.counts.underflow_rows += result.underflow ? 1 : 0;
      if constexpr (WithInstruments) {
        instrument_row<compute>::record(pipeline.objective, loaded, row, count, result, lane, scale, *seen);
      }
    }
    add_loss(row, result.loss, block);
    for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) {
      const index slot = lane.slot[static_cast<std::size_t>(lane.pick[j])];
      if constexpr (WithGradient) {
        out.gradient.rejected(row, slot) =
            static_cast<stored>(per_token(lane.weight[j], policy.rejected_length(row, slot)));
      }
      if (!out.effective_beta.empty()) { out.effective_beta[first + static_cast<std::size_t>(slot)] = lane.beta[j]; }
    }
    if constexpr (WithGradient) {
      out.gradient.chosen(row) = static_cast<stored>(per_token(result.chosen_gradient, policy.chosen_length(row)));
    }
  }

  evaluated_row<compute> evaluate_loaded(const loaded_row<compute>& loaded, index count,
                                         row_buffers<compute>& lane) const {
    if constexpr (in_lanes) {
      if (loaded.problem == defect::none && loaded.negatives > static_cast<index>(tile_columns)) {
        return evaluate_long_row(loaded, count, lane);
      }
    }
    return evaluate_row<derives>(pipeline.beta, pipeline.objective, loaded, count, lane, scale);
  }

  void invalid(index row, const loaded_row<compute>& loaded, block_rows& block) const {
    note_invalid(block.counts, row, loaded.problem, loaded.problem_slot);
    block.loss_of(row) = compute(0);
    write_loss(row, not_a_number);
  }
  void add_loss(index row, const compute& loss, block_rows& block) const {
    block.loss_of(row) = loss;
    write_loss(row, loss);
  }
  void write_loss(index row, const compute& loss) const {
    if (!out.row_loss.empty()) { out.row_loss[static_cast<std::size_t>(row)] = loss; }
  }
};

}  // namespace dynamicpo::inline v1::detail
