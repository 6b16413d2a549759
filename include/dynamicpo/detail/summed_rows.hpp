// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>

#include "dynamicpo/detail/exact_row_sums.hpp"
#include "dynamicpo/detail/joined_rows.hpp"
#include "dynamicpo/detail/long_row.hpp"
#include "dynamicpo/detail/row_stores.hpp"
#include "dynamicpo/detail/rows_alone.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/objective/aggregate.hpp"

/// Rows of which the sum of their margins is all that is needed: added up as they are read.
namespace dynamicpo::inline v1::detail {

/// Aggregates known to read the sum and the number of the margins alone.
template <class Aggregate>
inline constexpr bool reads_sum_alone = false;
template <>
inline constexpr bool reads_sum_alone<aggregate::mean> = true;
template <>
inline constexpr bool reads_sum_alone<aggregate::sum> = true;
template <>
inline constexpr bool reads_sum_alone<aggregate::single> = true;

/// Step 1 and the margins of step 3 of a tile of such rows, at once.
template <bool WithGradient, bool WithInstruments, class Pipeline, class P, class Reference, class Space>
struct summed_rows : joined_rows<WithGradient, WithInstruments, Pipeline, P, Reference, Space> {
  using alone = rows_alone<WithGradient, WithInstruments, Pipeline, P, Reference, Space>;
  using typename alone::aggregate;
  using typename alone::beta_type;
  using typename alone::compute;
  using typename alone::objective_type;
  using typename alone::stored;
  template <std::size_t Bytes>
  using lanes_of = typename alone::template lanes_of<Bytes>;
  using alone::has_reference;
  using alone::in_lanes;
  using alone::out;
  using alone::pipeline;
  using alone::policy;
  using alone::reference;
  using alone::whole_rows;
  using joined_rows<WithGradient, WithInstruments, Pipeline, P, Reference, Space>::reads_as_computed;

  /// Whether rows may be added up as they are read: long ones, in the order that each has alone.
  static constexpr bool sums_rows = in_lanes && reads_as_computed && whole_rows && reads_sum_alone<aggregate> &&
                                    one_weight<beta_type, objective_type> && std::is_same_v<stored, compute> &&
                                    std::is_same_v<accumulator_of<compute>, double>;
  /// And short ones (exact_row_sums).
  static constexpr bool sums_short_rows = sums_rows && std::is_same_v<stored, float>;

  /// Margins of one beta, of one chosen item or of one a lane.
  template <class V>
  struct margins_along {
    const summed_rows& of;
    V strength, chosen_utility;

    DYNAMICPO_INLINE V operator()(const V& ratio) const {
      const auto& margin = of.pipeline.objective.margin;
      return margin_between(margin, strength, chosen_utility, margin.utility(ratio, ratio));
    }
  };
  /// What a beta that is one for all sees, of a tile whose chosen are loaded.
  template <class V>
  DYNAMICPO_INLINE static beta::context<V> context_of(const tile<V>& loaded) {
    return {loaded.chosen_score, V(0), accumulator_of<V>(0)};
  }
  template <class V>
  DYNAMICPO_INLINE V chosen_utility_of(const tile<V>& loaded) const {
    return pipeline.objective.margin.utility(loaded.chosen_score, loaded.chosen_ratio);
  }

  /// Those of the rows of a tile whose chosen are loaded, a lane each.
  template <class V>
  DYNAMICPO_INLINE margins_along<V> margins_of_tile(const tile<V>& loaded) const {
    return {*this, V(pipeline.beta(context_of(loaded))), chosen_utility_of(loaded)};
  }
  /// margins_of(l): those of row l of a tile whose chosen are loaded.
  template <class V>
  class margins_of_rows {
   public:
    DYNAMICPO_INLINE margins_of_rows(const summed_rows& of, const tile<V>& loaded) : of_{of} {
      V(of.pipeline.beta(context_of(loaded))).store(strength_);
      of.chosen_utility_of(loaded).store(chosen_utility_);
    }
    DYNAMICPO_INLINE margins_along<V> operator()(std::size_t l) const {
      return {of_, broadcast<V>(strength_[l]), broadcast<V>(chosen_utility_[l])};
    }

   private:
    const summed_rows& of_;
    alignas(64) compute strength_[V::count];
    alignas(64) compute chosen_utility_[V::count];
  };

  /// Step 1 and the margins of step 3 at once, along each row: their sums, where any order gives the same bits. For
  /// ragged rows, where no lane then waits for a longer one, and for wide ones, which memory gives fastest in line.
  template <class V>
  DYNAMICPO_INLINE bool sum_tile(tile<V>& rows) const {
    if constexpr (!sums_short_rows) {
      return false;
    } else {
      if (!policy.ragged() && policy.negatives(rows.row(0)) < static_cast<index>(tile<V>::wide)) { return false; }
      if (!out.effective_beta.empty() || !rows.runs_along(policy, reference)) { return false; }
      rows.load_chosen_ratio(policy, reference);
      const margins_of_rows<V> margins_of(*this, rows);
      const std::size_t parts = rows.is_wide() ? 0 : V::count;
      auto next_scores = rows.template rejected_after<tile<V>::lines_of_panel>(policy, parts);
      auto next_frozen = rows.template rejected_after<tile<V>::lines_of_panel>(reference, parts);
      const auto margins = [&](std::size_t l) __attribute__((always_inline)) {
        next_scores.ask_for_next();
        next_frozen.ask_for_next();
        const compute *const scores = tile<V>::begin_of(policy, rows.row(l)), *frozen = nullptr;
        if constexpr (has_reference) { frozen = tile<V>::begin_of(reference, rows.row(l)); }
        return [ =, margin = margins_of(l) ](std::size_t k) __attribute__((always_inline)) {
          V ratio = V::load(scores + k);
          if constexpr (has_reference) { ratio = ratio - V::load(frozen + k); }
          return margin(ratio);
        };
      };
      rows.apart = ~elementary::isfinite(rows.chosen_ratio);  // of an empty row no margin tells
      return exact_row_sums<V>([&](std::size_t l) { return static_cast<std::size_t>(rows.count[l]); }, margins,
                               rows.total);
    }
  }

  /// Whether long rows go together too, as many as there are lanes: their margins are added up along each, with the
  /// bits that it has alone, and what follows goes side by side, since one row would wait for each step of its own.
  bool sums_long_rows() const {
    if constexpr (!sums_rows) {
      return false;
    } else {
      using any_tile = tile<lanes_of<target_bytes>>;
      constexpr index most = index{1} << 20;  // lanes count exactly
      bool fits = !policy.ragged() && !policy.masked() && out.effective_beta.empty() && any_tile::in_place(policy) &&
                  policy.negatives(0) <= most;
      if constexpr (WithGradient) { fits = fits && out.gradient.rejected_matrix().column_stride == 1; }
      if constexpr (has_reference) { fits = fits && !reference.ragged() && any_tile::in_place(reference); }
      return fits;
    }
  }
  /// Step 1 and the margins of step 3 at once, along long rows. Rows that are not finite throughout are apart.
  template <class V>
  DYNAMICPO_INLINE void sum_long_rows(tile<V>& rows) const {
    using accumulator = accumulator_of<V>;
    rows.summed = true;
    rows.columns = 1;  // that of the weight
    rows.load_chosen_ratio(policy, reference);
    const margins_of_rows<V> margins_of(*this, rows);
    const auto size = static_cast<std::size_t>(policy.negatives(rows.row(0)));
    alignas(64) bits_of<compute> apart[V::count];
    alignas(64) typename accumulator::element total[V::count];
    for (std::size_t l = 0; l < V::count; ++l) {
      const auto margins = margins_of(l);
      const compute *const scores = &policy.rejected(rows.row(l), 0), *frozen = nullptr;
      if constexpr (has_reference) { frozen = &reference.rejected(rows.row(l), 0); }
      V spoilt(0);  // not a number where a log-ratio is not finite
      accumulator sum(0);
      const auto add = [&](const V& ratio) __attribute__((always_inline)) {
        spoilt = spoilt + ratio * V(0);
        return margins(ratio);
      };
      std::size_t k = 0;
      for (; k + V::count <= size; k += V::count) {
        long_row<V>::ask_ahead_of(scores + k, frozen == nullptr ? nullptr : frozen + k, 0);
        V ratio = V::load(scores + k);
        if constexpr (has_reference) { ratio = ratio - V::load(frozen + k); }
        sum += accumulator(add(ratio));
      }
      if (k < size) {
        V ratio = load_first<V>(scores + k, size - k);
        if constexpr (has_reference) { ratio = ratio - load_first<V>(frozen + k, size - k); }
        sum += accumulator(where(first_lanes<V>(size - k), add(ratio), V(aggregate::absent)));
      }
      total[l] = sum_of_lanes(sum);
      rows.count[l] = static_cast<index>(size);
      apart[l] = any(~(spoilt == V(0))) ? -1 : 0;
    }
    rows.total = accumulator::load(total);
    rows.apart = V::truth::load(apart) | ~elementary::isfinite(rows.chosen_ratio);
  }
};

}  // namespace dynamicpo::inline v1::detail
