// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "dynamicpo/detail/column_evaluation.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/long_cuts.hpp"
#include "dynamicpo/detail/long_row.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/detail/rows_alone.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/detail/tiles.hpp"

/// Long rows, a few together: of those of which all negatives are taken one alone waits for its own logarithm and
/// exponential, and cuts are found faster side by side.
namespace dynamicpo::inline v1::detail {

/// Sees dense long rows through the three steps, with the bits that each has alone.
template <bool WithGradient, bool WithInstruments, class Pipeline, class P, class Reference, class Space>
struct joined_rows : rows_alone<WithGradient, WithInstruments, Pipeline, P, Reference, Space> {
  using alone = rows_alone<WithGradient, WithInstruments, Pipeline, P, Reference, Space>;
  using alone::has_reference;
  using alone::out;
  using alone::pipeline;
  using alone::policy;
  using alone::reference;
  using alone::scale;
  using alone::whole_rows;
  using typename alone::aggregate;
  using typename alone::beta_type;
  using typename alone::block_rows;
  using typename alone::compute;
  using typename alone::known_cut;
  using typename alone::objective_type;
  using typename alone::stored;

  static constexpr bool reads_as_computed = [] {
    if constexpr (has_reference) {
      return std::is_same_v<typename Reference::value_type, compute>;
    } else {
      return true;
    }
  }();

  /// Whether what is left to do of a row after its margins are reduced is the same for rows side by side.
  template <class V>
  static constexpr bool joins_rows = [] {
    constexpr bool reads_once = alone::takes_all && (whole_rows || !has_reference) && !beta_type::needs_rest;
    constexpr bool sums_are_exact = shared<aggregate> || !std::is_same_v<accumulator_of<compute>, compute>;
    return reads_once && sums_are_exact && std::is_same_v<stored, compute> && reads_as_computed &&
           leaves_factor<along_the_row_whole<V>, beta_type, objective_type>;
  }();
  /// So many negatives at most, that the rows stay in the nearest cache.
  static constexpr index most_joined = 1024;

  /// Whether cuts are searched for in rows side by side.
  static constexpr bool finds_cuts = searches_cuts<typename Pipeline::select_type> && std::is_same_v<stored, compute>;

  /// Sees the first of some long rows through, and the next ones if they go together; returns how many.
  template <class V>
  DYNAMICPO_INLINE std::size_t some_long_rows(const long_rows& rows, row_buffers<compute>& lane,
                                              block_rows& block) const {
    const index first = rows[0];
    if constexpr (joins_rows<V>) {
      constexpr std::size_t together = long_row<V>::together;
      if (rows.number >= together && may_join<V>(first)) {
        bool done = false;
        run_apart<V::bytes>([&](auto) { done = see_through<V>(first, lane, block); });
        for (std::size_t i = 0; !done && i < together; ++i) { alone::template apart_row<V>(rows[i], lane, block); }
        return together;
      }
    }
    if constexpr (finds_cuts && V::bytes >= 32) {  // as present tiles
      const std::size_t number = for_each_long_cut<V>(
          pipeline.select, policy, rows,
          [&](index row, const known_cut& cut) { alone::template apart_row<V>(row, lane, block, cut); });
      if (number > 0) { return number; }
    }
    alone::template apart_row<V>(first, lane, block);
    return 1;
  }

 private:
  template <class V>
  bool may_join(index row) const {
    bool fits = !policy.ragged() && !policy.masked() && tile<V>::in_place(policy) && out.effective_beta.empty() &&
                policy.negatives(row) <= std::min(most_joined, aggregate::max_negatives);
    if constexpr (has_reference) { fits = fits && !reference.ragged() && tile<V>::in_place(reference); }
    return fits;
  }

  /// False, with nothing written, where one of them is not finite.
  template <class V>
  DYNAMICPO_INLINE bool see_through(index first, row_buffers<compute>& lane, block_rows& block) const {
    constexpr std::size_t together = long_row<V>::together;
    const auto size = static_cast<std::size_t>(policy.negatives(first));
    alignas(64) compute chosen[V::count] = {}, utility[V::count] = {}, z[V::count] = {}, share[V::count] = {},
                        weight[V::count] = {};
    const V* weights[together];
    bool underflow[together];
    for (std::size_t r = 0; r < together; ++r) {
      const index row = first + static_cast<index>(r);
      const compute *const scores = &policy.rejected(row, 0), *frozen = nullptr;
      chosen[r] = policy.chosen(row);
      compute ratio = chosen[r];
      if constexpr (has_reference) {
        frozen = &reference.rejected(row, 0);
        ratio = ratio - reference.chosen(row);
      }
      long_row<V> along(chosen[r], ratio, size, lane);
      along.share_room(r);
      if (!elementary::isfinite(ratio) || !along.template load_whole<alone::reads_ratios_once>(scores, frozen)) {
        return false;
      }
      along.template select_all<beta_type>();
      alone::ask_for_next(along, scores, frozen, row);
      evaluated_row<V> reduced;
      along.reduce(pipeline.beta, pipeline.objective, reduced);
      utility[r] = reduced.chosen_utility[0];
      z[r] = reduced.z[0];
      share[r] = reduced.share[0];
      weight[r] = along.weight[0][0];
      weights[r] = along.ratio;
      underflow[r] = !any(~reduced.underflow);
    }

    const V score = V::load(chosen);
    V first_weight = V::load(weight);
    const side_by_side_whole<V, asks_nothing> lie{size};
    const accumulator_of<V> rest(0);
    const row_columns<V> columns{&score, nullptr, nullptr, &first_weight, 1};
    const column_evaluation<V, side_by_side_whole<V, asks_nothing>, beta_type, objective_type> of{
        pipeline.beta, pipeline.objective, lie, score, rest, columns};
    evaluated_row<V> result;
    result.chosen_utility = V::load(utility);
    result.z = V::load(z);
    result.share = V::load(share);
    of.template link<WithGradient>(result);
    if (any(result.overflow)) { return false; }
    alignas(64) compute loss[V::count], gradient[V::count], factor[V::count];
    result.loss.store(loss);
    if constexpr (WithGradient) {
      of.derive(accumulator_of<V>(scale), result);
      result.chosen_gradient.store(gradient);
      result.factor.store(factor);
    }
    for (std::size_t r = 0; r < together; ++r) {
      const index row = first + static_cast<index>(r);
      ++block.counts.rows;
      block.counts.underflow_rows += underflow[r] ? 1 : 0;
      alone::add_loss(row, loss[r], block);
      if constexpr (WithGradient) {
        out.gradient.chosen(row) = gradient[r];
        alone::store_weights(weights[r], factor[r], row);
      }
    }
    return true;
  }
};

}  // namespace dynamicpo::inline v1::detail
