// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/objective/aggregate.hpp"
#include "dynamicpo/objective/margin.hpp"
#include "dynamicpo/objective/margins.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/score/scalar.hpp"
#include "dynamicpo/workspace.hpp"

/// Step 3 of the row function, written once over V, a number or lanes of them, and a layout that says how a row lies.
namespace dynamicpo::inline v1::detail {

/// Arrays of `size` columns: scores and log-ratios, room for the beta and the derivative of each.
template <class V, class Score = const V*, class Column = V*>
struct row_columns {
  Score score;
  Column ratio;  ///< becomes the utility, where the margin's slope depends on it
  Column beta;   ///< null: not asked for, of a rule that has one beta for all
  Column weight;
  std::size_t size;
};

template <class V>
DYNAMICPO_INLINE constexpr std::span<V> margins_of(const row_columns<V>& row, const one_by_one&) {
  return {row.weight, row.size};
}
template <class V, class Score, class Column, class Layout>
DYNAMICPO_INLINE DYNAMICPO_HD lane_margins<V, Layout, Column> margins_of(const row_columns<V, Score, Column>& row,
                                                                         const Layout& layout) {
  return {row.weight, row.size, layout};
}

/// A beta rule that gives the negatives of a row one beta, whatever the score of each, and an aggregate with one dz/dm
/// for all margins, say `static constexpr bool uniform = true`.
template <class Stage>
inline constexpr bool uniform = false;
template <class Stage>
  requires(Stage::uniform)
inline constexpr bool uniform<Stage> = true;

/// Aggregates known to have dz/dm_i that add up to 1 and are shares of one factor (reduce_to_shares).
template <class Aggregate>
inline constexpr bool shared = false;
template <>
inline constexpr bool shared<aggregate::soft_minimum> = true;

/// Whether dL/ds is one number for all selected negatives of a row.
template <class Beta, class Objective>
inline constexpr bool one_weight =
    uniform<Beta>&& uniform<typename Objective::aggregate_type> && !Objective::margin_type::can_underflow;

/// Layouts that select all there is; of one weight, the first column alone holds it.
template <class Layout>
inline constexpr bool selects_all = false;
template <class V, class Asked>
inline constexpr bool selects_all<side_by_side_whole<V, Asked>> = true;
template <class V>
inline constexpr bool selects_all<along_the_row_whole<V>> = true;
template <class V>
inline constexpr bool selects_all<side_by_side_summed<V>> = true;
template <class V, class Asked>
inline constexpr bool selects_all<side_by_side_margins<V, Asked>> = true;

/// Whether evaluation reads log-ratios alone: of one beta that is not of scores, and margins that are differences of
/// log-ratios.
template <class Beta, class Objective>
inline constexpr bool ratios_alone =
    uniform<Beta> && !Beta::needs_rest && std::is_same_v<typename Objective::margin_type, margin::log_ratio>;

/// Where all are selected and have one beta: whether gradients are left in row.ratio without the factor that all have.
/// Log-ratios, read once, give place to their shares (row.weight is row.ratio then), scores to their probabilities.
template <class Layout, class Beta, class Objective>
inline constexpr bool leaves_factor = false;
template <class Layout, class Beta, class Objective>
  requires(selects_all<Layout>&& uniform<Beta>)
inline constexpr bool leaves_factor<Layout, Beta, Objective> =
    (ratios_alone<Beta, Objective> && shared<typename Objective::aggregate_type>) ||
    (std::is_same_v<typename Objective::margin_type, margin::probability> &&
     uniform<typename Objective::aggregate_type>);

/// The margin of what is not selected.
template <class V, class Aggregate>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V absent_margin(const Aggregate&) {
  if constexpr (lane_wise<Aggregate>) {
    return V(Aggregate::absent);
  } else {
    return V(0);
  }
}

/// Beta_i (u_w - u_i) - target.
template <class Margin, class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V margin_between(const Margin& margin, const V& strength,
                                                         const V& chosen_utility, const V& utility) {
  return strength * (chosen_utility - utility) - V(margin.target());
}

template <class V>
struct evaluated_row {
  using truth = decltype(std::declval<V>() == std::declval<V>());
  V z{0};
  V share{1};  ///< dz/dm_i by what the margins have become
  V chosen_utility{0};
  V loss{0};
  V link_slope{0};
  V chosen_gradient{0};
  V factor{1};        ///< see leaves_factor
  truth underflow{};  ///< every utility rounded to 0
  truth overflow{};   ///< the aggregate margin is not finite
};

/// Step 3 of a row, or of rows side by side: what is constant over its columns.
template <class V, class Layout, class Beta, class Objective, class Columns = row_columns<V>>
struct column_evaluation {
  using aggregate = std::remove_cvref_t<decltype(std::declval<Objective>().aggregate)>;
  static constexpr bool can_underflow = std::remove_cvref_t<decltype(std::declval<Objective>().margin)>::can_underflow;

  const Beta& rule;
  const Objective& objective;
  const Layout& layout;
  const V& chosen_score;
  const accumulator_of<V>& mean_rest;
  const Columns& row;

  DYNAMICPO_INLINE DYNAMICPO_HD constexpr dynamicpo::beta::context<V> seen(std::size_t j) const {
    return {chosen_score, row.score[j], mean_rest};
  }
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr V beta_of(std::size_t j) const {
    return scalar_traits<V>::detach(rule(seen(j)));
  }

  /// Margins, and z of them.
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr void reduce(const V& chosen_ratio, evaluated_row<V>& result) const {
    const auto& margin = objective.margin;
    const V absent = absent_margin<V>(objective.aggregate);
    constexpr bool in_stages = requires(std::size_t j) { rule.of_argument(rule.argument(seen(j))); };
    if constexpr (in_stages) {
      for (std::size_t j = 0; j < row.size; ++j) { row.beta[j] = rule.argument(seen(j)); }
    }

    const V chosen_utility = margin.utility(chosen_score, chosen_ratio);
    result.chosen_utility = chosen_utility;
    auto underflow = chosen_utility == V(0);
    constexpr bool are_summed = requires { layout.total; };
    constexpr bool has_margins = are_summed || requires { Layout::has_margins; };
    for (std::size_t j = 0; !has_margins && j < row.size; ++j) {
      if constexpr (!shared<aggregate> && requires { layout.ask; }) { layout.ask(j); }
      const auto selected = layout.selected(row.score[j]);
      const V strength = [&] {
        if constexpr (in_stages) {
          return scalar_traits<V>::detach(rule.of_argument(V(row.beta[j])));
        } else {
          return beta_of(j);
        }
      }();
      if (!uniform<Beta> || row.beta != nullptr) { row.beta[j] = strength; }
      const V utility = margin.utility(row.score[j], row.ratio[j]);
      row.weight[j] = where(selected, margin_between(margin, strength, chosen_utility, utility), absent);
      if constexpr (can_underflow) {
        row.ratio[j] = utility;
        underflow = both(underflow, where(selected, utility, V(0)) == V(0));
      }
    }
    if constexpr (can_underflow) { result.underflow = underflow; }

    const auto all = margins_of(row, layout);
    if constexpr (shared<aggregate>) {
      result.z = objective.aggregate.reduce_to_shares(all, result.share);
    } else {
      result.z = objective.aggregate.reduce(all);
    }
  }

  /// The loss. `WithSlope`: and its derivative by z.
  template <bool WithSlope>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr void link(evaluated_row<V>& result) const {
    const V z = result.z;
    result.overflow = negated(elementary::isfinite(z));
    result.loss = objective.link.value(z);
    if constexpr (WithSlope) { result.link_slope = objective.link.derivative(z); }
  }

  /// Derivatives by the chosen and the selected scores, times `scale`: the chosen one's to `result`, the others to
  /// row.weight, or as leaves_factor says.
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr void derive(const accumulator_of<V>& scale, evaluated_row<V>& result) const {
    const auto& margin = objective.margin;
    // Scaled here, once: what follows is linear in it.
    const V slope = static_cast<V>(accumulator_of<V>(result.link_slope) * scale);
    const V chosen_slope = margin.slope(result.chosen_utility);
    accumulator_of<V> chosen(0);
    if constexpr (shared<aggregate>) {
      const V common = slope * result.share;
      result.chosen_gradient = mean_beta(result.share) * slope * chosen_slope;
      V push(0);
      if constexpr (uniform<Beta>) { push = -(beta_of(0) * common); }
      if constexpr (leaves_factor<Layout, Beta, Objective>) {
        result.factor = push;
        return;
      }
      for (std::size_t j = 0; j < row.size; ++j) {
        if constexpr (!uniform<Beta>) { push = -(row.beta[j] * common); }
        const V pushed = where(layout.selected(row.score[j]), static_cast<V>(push * row.weight[j]), V(0));
        row.weight[j] = pushed * margin.slope(row.ratio[j]);
      }
    } else if constexpr (is_lanes<V> && uniform<Beta> &&
                         uniform<aggregate>) {  // the bits of the other branch, in fewer steps
      const V push = -(beta_of(0) * (slope * row.weight[0]));
      const V pushed = static_cast<V>(push * chosen_slope);
      if constexpr (!std::is_same_v<accumulator_of<V>, V>) {  // exact, as the sum is
        result.chosen_gradient = static_cast<V>(accumulator_of<V>(0) - accumulator_of<V>(pushed) * layout.count);
      } else if constexpr (requires { layout.less_each(pushed); }) {
        result.chosen_gradient = layout.less_each(pushed);
      } else {
        for (std::size_t j = 0; j < row.size; ++j) {
          chosen = chosen - where(layout.selected(row.score[j]), pushed, V(0));
        }
        result.chosen_gradient = static_cast<V>(layout.sum(chosen));
      }
      row.weight[0] = push;
      if constexpr (leaves_factor<Layout, Beta, Objective>) {
        result.factor = push;
      } else if constexpr (!one_weight<Beta, Objective> || !selects_all<Layout>) {
        for (std::size_t j = 0; j < row.size; ++j) {
          row.weight[j] = where(layout.selected(row.score[j]), push, V(0)) * margin.slope(row.ratio[j]);
        }
      }
    } else {
      const V first_weight = row.weight[0];
      for (std::size_t j = 0; j < row.size; ++j) {
        const auto selected = layout.selected(row.score[j]);
        const V& weight = uniform<aggregate> ? first_weight : row.weight[j];
        const V strength = [&] {
          if constexpr (uniform<Beta>) {
            return beta_of(j);
          } else {
            return row.beta[j];
          }
        }();
        const V push = where(selected, static_cast<V>(-(strength * (slope * weight))), V(0));
        chosen = chosen - accumulator_of<V>(static_cast<V>(push * chosen_slope));
        row.weight[j] = push * margin.slope(row.ratio[j]);
      }
      result.chosen_gradient = static_cast<V>(layout.sum(chosen));
    }
  }

 private:
  /// Mean of the selected betas, each with the weight row.weight times `share`: of equal ones exactly that one, whether
  /// or not the type says that they are. It is some b and the mean of what they have above b, which is nearer to 0 than
  /// all of them, so that nothing of theirs is lost.
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr V mean_beta(const V& share) const {
    if constexpr (uniform<Beta>) {
      return beta_of(0);
    } else {
      const V infinity(elementary_float::infinity<double>);
      V least = infinity, least_negated = infinity;
      for (std::size_t j = 0; j < row.size; ++j) {
        const auto selected = layout.selected(row.score[j]);
        const V beta = row.beta[j];
        least = where(beta < least, where(selected, beta, least), least);
        least_negated =
            where(-beta < least_negated, where(selected, static_cast<V>(-beta), least_negated), least_negated);
      }
      least = layout.least_of(least);
      least_negated = layout.least_of(least_negated);
      const V b = where(V(0) < least, least, where(V(0) < least_negated, static_cast<V>(-least_negated), V(0)));
      accumulator_of<V> above(0);
      for (std::size_t j = 0; j < row.size; ++j) {
        const V each = row.weight[j] * (row.beta[j] - b);
        above += accumulator_of<V>(where(layout.selected(row.score[j]), each, V(0)));
      }
      return b + static_cast<V>(layout.sum(above)) * share;
    }
  }
};

/// Step 3: margins, loss, and when asked its derivatives by the chosen and the selected scores, times `scale`. At least
/// one negative is selected.
template <bool WithGradient, class V, class Layout, class Beta, class Objective, class Columns = row_columns<V>>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr evaluated_row<V> evaluate_columns(
    const Beta& beta, const Objective& objective, const Layout& layout, const V& chosen_score, const V& chosen_ratio,
    const accumulator_of<V>& mean_rest, const Columns& row, const accumulator_of<V>& scale) {
  const column_evaluation<V, Layout, Beta, Objective, Columns> of{beta,         objective, layout,
                                                                  chosen_score, mean_rest, row};
  evaluated_row<V> result;
  of.reduce(chosen_ratio, result);
  of.template link<WithGradient>(result);
  if constexpr (WithGradient) { of.derive(scale, result); }
  return result;
}

/// Step 3 for a row whose `count` selected negatives are picked out: lane.beta and lane.weight hold theirs.
template <bool WithGradient, class T, class Beta, class Objective>
constexpr evaluated_row<T> evaluate_row(const Beta& beta, const Objective& objective, const loaded_row<T>& loaded,
                                        index count, row_buffers<T>& lane, const accumulator_of<T>& scale) {
  const auto size = static_cast<std::size_t>(count);
  accumulator_of<T> mean_rest(0);
  if constexpr (Beta::needs_rest) { mean_rest = mean_of_rest(loaded.negatives, count, lane); }
  for (std::size_t j = 0; j < size; ++j) {
    const auto i = static_cast<std::size_t>(lane.pick[j]);
    lane.picked_score[j] = lane.score[i];
    lane.utility[j] = lane.ratio[i];
  }
  const row_columns<T> row{lane.picked_score.data(), lane.utility.data(), lane.beta.data(), lane.weight.data(), size};
  return evaluate_columns<WithGradient, T>(beta, objective, one_by_one{}, loaded.score, loaded.ratio, mean_rest, row,
                                           scale);
}

}  // namespace dynamicpo::inline v1::detail
