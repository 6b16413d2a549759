// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/objective/margin.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

/// The row function: from scores to loss and gradient in three steps: load, select, evaluate. Evaluation is written
/// once over V, a number or lanes of them, and a layout that says how a row lies in V.
namespace dynamicpo::inline v1::detail {

/// A row's scores in arithmetic precision; its negatives are in the buffers.
template <class T>
struct loaded_row {
  T score{0}, ratio{0};
  index negatives = 0;
  defect problem = defect::none;
  index problem_slot = -1;

  DYNAMICPO_HD constexpr void note(defect found, index slot) {
    if (problem == defect::none) {
      problem = found;
      problem_slot = slot;
    }
  }
};

// NaN for an empty sequence: the mean of no tokens.
template <class T, class Stored>
DYNAMICPO_HD constexpr T load(const Stored& stored, std::int32_t length) {
  if (length <= 0) { return T(elementary_float::nan<double>); }
  const T score = static_cast<T>(stored);
  return length == 1 ? score : static_cast<T>(score / T(static_cast<double>(length)));
}

// The derivative by a sum over `length` tokens, of that by their mean; what is empty has the derivative 0.
template <class T>
DYNAMICPO_HD constexpr T per_token(const T& derivative, std::int32_t length) {
  return length <= 1 ? derivative
                     : static_cast<T>(accumulator_of<T>(derivative) / accumulator_of<T>(static_cast<double>(length)));
}

/// The chosen item of a row, and what is wrong with it.
template <class T, class P, class Reference, class Space>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr loaded_row<T> load_chosen(const scores<P, Space>& policy,
                                                                  const Reference& reference, index row) {
  loaded_row<T> loaded;
  const std::int32_t length = policy.chosen_length(row);
  loaded.score = load<T>(policy.chosen(row), length);
  loaded.ratio = loaded.score;
  if constexpr (!std::is_same_v<Reference, reference_free_t>) {
    loaded.ratio = loaded.score - load<T>(reference.chosen(row), reference.chosen_length(row));
  }
  if (length <= 0) { loaded.note(defect::chosen_length, -1); }
  if (!elementary::isfinite(loaded.score)) { loaded.note(defect::chosen_score, -1); }
  if (!elementary::isfinite(loaded.ratio)) { loaded.note(defect::chosen_log_ratio, -1); }
  return loaded;
}

template <class T>
struct loaded_negative {
  T score{0}, ratio{0};
  bool present = false;
  defect problem = defect::none;
};

/// One negative. Masked and empty sequences are not read; a policy score of -inf is an impossible item and leaves the
/// row.
template <class T, class P, class Reference, class Space>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr loaded_negative<T> load_negative(const scores<P, Space>& policy,
                                                                         const Reference& reference, index row,
                                                                         index k) {
  loaded_negative<T> one;
  if (!policy.present(row, k)) { return one; }
  one.score = load<T>(policy.rejected(row, k), policy.rejected_length(row, k));
  one.ratio = one.score;
  bool reference_finite = true;
  if constexpr (!std::is_same_v<Reference, reference_free_t>) {
    const T frozen = load<T>(reference.rejected(row, k), reference.rejected_length(row, k));
    reference_finite = elementary::isfinite(frozen);
    one.ratio = one.score - frozen;
  }
  if (!elementary::isfinite(one.score)) {
    const bool impossible = one.score < T(0);
    if (impossible && reference_finite) { return one; }
    one.problem = impossible ? defect::rejected_log_ratio : defect::rejected_score;
  } else if (!elementary::isfinite(one.ratio)) {
    one.problem = defect::rejected_log_ratio;
  }
  one.present = true;
  return one;
}

/// Step 1: scores, log-ratios and slots of the negatives that take part.
template <class T, class P, class Reference, class Space>
[[gnu::noinline]] constexpr loaded_row<T> load_row(const scores<P, Space>& policy, const Reference& reference,
                                                   index row, row_buffers<T>& lane) {
  loaded_row<T> loaded = load_chosen<T>(policy, reference, row);
  const index count = policy.negatives(row);
  for (index k = 0; k < count; ++k) {
    const loaded_negative<T> one = load_negative<T>(policy, reference, row, k);
    if (!one.present) { continue; }
    if (one.problem != defect::none) { loaded.note(one.problem, k); }
    const auto i = static_cast<std::size_t>(loaded.negatives++);
    lane.score[i] = one.score;
    lane.ratio[i] = one.ratio;
    lane.slot[i] = static_cast<std::int32_t>(k);
  }
  return loaded;
}

/// The negatives that take part, as a selection sees them. Beta and selection are constants to the gradient.
template <class T>
constexpr select::row_scores<T> visible(const loaded_row<T>& loaded, const row_buffers<T>& lane, index row) {
  return {loaded.score, std::span<const T>(lane.score).first(static_cast<std::size_t>(loaded.negatives)), row};
}

/// A selection's flags, compiled once for all pipelines.
template <class Select, class T>
[[gnu::noinline]] constexpr selection_rule flag(const Select& select, const select::row_scores<T>& row,
                                                std::span<std::uint8_t> selected, select::scratch<T>& scratch) {
  return select(row, selected, scratch);
}

template <class T>
struct selected_row {
  index count = 0;
  selection_rule rule = selection_rule::none;
};

/// Step 2: flags and indices of the selected negatives. A row with a defect (reached only under nonfinite::propagate)
/// keeps all of them: its scores have no order to select by.
template <class Select, class T>
constexpr selected_row<T> select_row(const Select& select, const loaded_row<T>& loaded, index row,
                                     row_buffers<T>& lane) {
  const auto size = static_cast<std::size_t>(loaded.negatives);
  const auto flags = std::span<std::uint8_t>(lane.selected).first(size);
  selected_row<T> result;
  if (size == 0) { return result; }
  auto scratch = lane.scratch();
  if (loaded.problem == defect::none) {
    result.rule = flag(select, visible(loaded, lane, row), flags, scratch);
  } else {
    result.rule = select::all{}(visible(loaded, lane, row), flags, scratch);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (flags[i] != 0) { lane.pick[static_cast<std::size_t>(result.count++)] = static_cast<std::int32_t>(i); }
  }
  return result;
}

/// Mean policy score of the negatives left out by the selection; of the selected ones when none is left out.
template <class T>
constexpr accumulator_of<T> mean_of_rest(index negatives, index selected, const row_buffers<T>& lane) {
  const bool none_left = selected == negatives;
  accumulator_of<T> total(0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(negatives); ++i) {
    if (none_left || lane.selected[i] == 0) { total += accumulator_of<T>(lane.score[i]); }
  }
  return total / accumulator_of<T>(static_cast<double>(none_left ? selected : negatives - selected));
}

/// One negative in each column, all of them selected.
struct one_by_one {
  template <class V>
  static constexpr bool selected(const V&) {
    return true;
  }
  template <class A>
  static constexpr const A& sum(const A& total) {
    return total;
  }
};

/// Rows side by side: in each column one negative of every row. Selected are those with a score of at least `least`;
/// what takes no part has the score -inf.
template <class V>
struct side_by_side {
  V least;
  accumulator_of<V> count;  ///< selected negatives of each row

  DYNAMICPO_INLINE auto selected(const V& score) const { return negated(score < least); }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
  DYNAMICPO_INLINE static const V& least_of(const V& lanes) { return lanes; }
};

/// Rows side by side whose `columns` negatives all take part and are all selected.
template <class V>
struct side_by_side_whole {
  std::size_t columns;
  accumulator_of<V> count{V(static_cast<typename V::element>(columns))};

  /// 1 / count: one division for all rows.
  DYNAMICPO_INLINE V share() const {
    using accumulator = accumulator_of<typename V::element>;
    return V(static_cast<typename V::element>(accumulator(1) / accumulator(static_cast<double>(columns))));
  }
  DYNAMICPO_INLINE static constexpr bool selected(const V&) { return true; }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
  DYNAMICPO_INLINE static const V& least_of(const V& lanes) { return lanes; }
};

/// Rows side by side, all selected, whose margins are added up: no column is read, and the first alone gets a weight.
template <class V>
struct side_by_side_summed {
  accumulator_of<V> count, total;

  DYNAMICPO_INLINE static constexpr bool selected(const V&) { return true; }
  DYNAMICPO_INLINE static const accumulator_of<V>& sum(const accumulator_of<V>& lanes) { return lanes; }
};

/// One row along the lanes: in each column the next few of its negatives. What is taken over them is in every lane.
template <class V>
struct along_the_row {
  V least;
  accumulator_of<V> count;

  DYNAMICPO_INLINE auto selected(const V& score) const { return negated(score < least); }
  DYNAMICPO_INLINE static accumulator_of<V> sum(const accumulator_of<V>& lanes) {
    return accumulator_of<V>(sum_of_lanes(lanes));
  }
  DYNAMICPO_INLINE static V least_of(const V& lanes) { return V(least_of_lanes(lanes)); }
};

/// The same of a row whose negatives all take part and are all selected.
template <class V>
struct along_the_row_whole : along_the_row<V> {};

/// How many of each row's columns are selected.
template <class V, class Layout>
DYNAMICPO_INLINE V number_selected(const V* score, std::size_t columns, const Layout& layout) {
  V count(0);
  for (std::size_t k = 0; k < columns; ++k) { count = count + where(layout.selected(score[k]), V(1), V(0)); }
  return count;
}

/// Mean of what takes part and is not selected, as of one row above, in lanes; `selected` is how many each row has.
/// `AllPresent`: every row has all columns, and all take part.
template <bool AllPresent = false, class Column, class Layout,
          class V = std::remove_cvref_t<decltype(std::declval<const Column&>()[0])>>
DYNAMICPO_INLINE DYNAMICPO_HD accumulator_of<V> mean_of_rest(const Column& score, std::size_t columns,
                                                             const Layout& layout, const accumulator_of<V>& selected) {
  using accumulator = accumulator_of<V>;
  const V absent(-elementary_float::infinity<elementary_float::element_of<V>>);
  accumulator rest(0), others(0);
  if constexpr (AllPresent) {
    for (std::size_t k = 0; k < columns; ++k) { rest += accumulator(where(layout.selected(score[k]), V(0), score[k])); }
    others = accumulator(static_cast<double>(columns)) - selected;
  } else {
    V left(0);
    for (std::size_t k = 0; k < columns; ++k) {
      const V other = where(layout.selected(score[k]), absent, score[k]);
      rest += accumulator(where(absent < other, other, V(0)));
      left = left + where(absent < other, V(1), V(0));
    }
    others = layout.sum(accumulator(left));
  }
  rest = layout.sum(rest);
  const auto none_left = others == accumulator(0);
  if (any(both(none_left, accumulator(0) < selected))) {
    accumulator all(0);
    for (std::size_t k = 0; k < columns; ++k) { all += accumulator(where(layout.selected(score[k]), score[k], V(0))); }
    rest = where(none_left, layout.sum(all), rest);
  }
  return rest / where(none_left, selected, others);
}

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

/// A beta rule that gives the negatives of a row one beta, and an aggregate with one dz/dm for all margins, say
/// `static constexpr bool uniform = true`.
template <class Stage>
inline constexpr bool uniform = false;
template <class Stage>
  requires(Stage::uniform)
inline constexpr bool uniform<Stage> = true;

/// An aggregate whose dz/dm_i add up to 1, and that can leave each with one factor still to come.
template <class Aggregate, class Margins, class V>
concept reduces_to_shares = requires(const Aggregate& aggregate, const Margins& margins, V& share) {
  { aggregate.reduce_to_shares(margins, share) } -> std::convertible_to<V>;
};

/// Whether dL/ds is one number for all selected negatives of a row.
template <class Beta, class Objective>
inline constexpr bool one_weight =
    uniform<Beta>&& uniform<typename Objective::aggregate_type> && !Objective::margin_type::can_underflow;

/// Layouts that select all there is; of one weight, the first column alone holds it.
template <class Layout>
inline constexpr bool selects_all = false;
template <class V>
inline constexpr bool selects_all<side_by_side_whole<V>> = true;
template <class V>
inline constexpr bool selects_all<along_the_row_whole<V>> = true;
template <class V>
inline constexpr bool selects_all<side_by_side_summed<V>> = true;

/// Whether evaluation reads log-ratios alone: of one beta that is not of scores, and margins that are differences of
/// log-ratios.
template <class Beta, class Objective>
inline constexpr bool ratios_alone =
    uniform<Beta> && !Beta::needs_rest && std::is_same_v<typename Objective::margin_type, margin::log_ratio>;

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
  truth underflow{};  ///< every utility rounded to 0
  truth overflow{};   ///< the aggregate margin is not finite
};

/// Step 3 of a row, or of rows side by side: what is constant over its columns.
template <class V, class Layout, class Beta, class Objective, class Columns = row_columns<V>>
struct column_evaluation {
  using aggregate = std::remove_cvref_t<decltype(std::declval<Objective>().aggregate)>;
  using margins = decltype(margins_of(std::declval<const Columns&>(), std::declval<const Layout&>()));
  static constexpr bool can_underflow = std::remove_cvref_t<decltype(std::declval<Objective>().margin)>::can_underflow;
  static constexpr bool shared = uniform<Beta> && reduces_to_shares<aggregate, margins, V>;

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
    if constexpr (can_underflow) { result.underflow = chosen_utility == V(0); }
    constexpr bool summed = requires { layout.total; };
    for (std::size_t j = 0; !summed && j < row.size; ++j) {
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
        result.underflow = both(result.underflow, where(selected, utility, V(0)) == V(0));
      }
    }

    const auto all = margins_of(row, layout);
    if constexpr (shared) {
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
  /// row.weight.
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr void derive(const accumulator_of<V>& scale, evaluated_row<V>& result) const {
    const auto& margin = objective.margin;
    // Scaled here, once: what follows is linear in it.
    const V slope = static_cast<V>(accumulator_of<V>(result.link_slope) * scale);
    const V chosen_slope = margin.slope(result.chosen_utility);
    if constexpr (shared) {
      const V strength = beta_of(0);
      const V push = -(strength * (slope * result.share));
      result.chosen_gradient = strength * slope * chosen_slope;  // the shares add up to 1
      for (std::size_t j = 0; j < row.size; ++j) {
        const V pushed = where(layout.selected(row.score[j]), static_cast<V>(push * row.weight[j]), V(0));
        row.weight[j] = pushed * margin.slope(row.ratio[j]);
      }
    } else if constexpr (uniform<Beta> && uniform<aggregate>) {
      const V push = -(beta_of(0) * (slope * row.weight[0]));
      const accumulator_of<V> pushed(static_cast<V>(push * chosen_slope));
      result.chosen_gradient = static_cast<V>(accumulator_of<V>(0) - pushed * count(margins_of(row, layout)));
      row.weight[0] = push;
      if constexpr (!one_weight<Beta, Objective> || !selects_all<Layout>) {
        for (std::size_t j = 0; j < row.size; ++j) {
          row.weight[j] = where(layout.selected(row.score[j]), push, V(0)) * margin.slope(row.ratio[j]);
        }
      }
    } else {
      accumulator_of<V> chosen(0);
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
