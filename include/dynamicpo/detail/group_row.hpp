// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "dynamicpo/detail/column_evaluation.hpp"
#include "dynamicpo/detail/group_cut.hpp"
#include "dynamicpo/detail/long_cut.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/detail/thread_group.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/select/all.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/select/threshold.hpp"
#include "dynamicpo/select/top_k.hpp"
#include "dynamicpo/select/violators.hpp"

/// The row function over a group of threads (detail/thread_group.hpp): load, select, evaluate and write in one pass,
/// with the formulas of `evaluate_columns`.
namespace dynamicpo::inline v1::detail {

/// One row over the threads of a group: in each column one negative a thread.
template <class Group, class V>
struct across_threads {
  const Group& group;
  V least;
  accumulator_of<V> count;

  DYNAMICPO_INLINE DYNAMICPO_HD auto selected(const V& score) const { return negated(score < least); }
  DYNAMICPO_INLINE DYNAMICPO_HD accumulator_of<V> sum(const accumulator_of<V>& each) const {
    return accumulator_of<V>(group.sum(each));
  }
  DYNAMICPO_INLINE DYNAMICPO_HD V least_of(const V& each) const { return V(group.least(each)); }
};

/// A row's columns in the threads' own registers: negative c size + r in column c of thread r.
template <class V, unsigned C>
struct own_columns {
  V score[C], ratio[C], beta[C], weight[C];

  DYNAMICPO_HD static constexpr unsigned columns() { return C; }
  template <class T, class Group>
  DYNAMICPO_INLINE DYNAMICPO_HD T top_cluster(const Group& group) const {
    return least_of_top_cluster<T>(group, score);
  }
  template <class T, class Group>
  DYNAMICPO_INLINE DYNAMICPO_HD T highest(const Group& group, index count) const {
    V sorted[C];
    for (unsigned c = 0; c < C; ++c) { sorted[c] = score[c]; }
    sort_in_group(group, sorted);
    const unsigned place = C * Group::size - static_cast<unsigned>(count);
    T found{};
    for (unsigned c = 0; c < C; ++c) {
      if (place / Group::size == c) { found = group.at(sorted[c], place % Group::size); }
    }
    return found;
  }
  DYNAMICPO_INLINE DYNAMICPO_HD row_columns<V> for_evaluation() { return {score, ratio, beta, weight, C}; }
};

/// Columns of one thread among those of all, `step` apart, as a pointer goes from one to the next.
template <class V>
struct column_iterator {
  V* at = nullptr;
  std::size_t step = 1;

  DYNAMICPO_HD V& operator[](std::size_t c) const { return at[c * step]; }
  DYNAMICPO_HD V& operator*() const { return *at; }
  DYNAMICPO_HD column_iterator operator+(std::size_t n) const { return {at + n * step, step}; }
  DYNAMICPO_HD column_iterator& operator++() {
    at += step;
    return *this;
  }
  DYNAMICPO_HD bool operator!=(const column_iterator& other) const { return at != other.at; }
  DYNAMICPO_HD bool operator!=(std::nullptr_t) const { return at != nullptr; }
};

/// A row's columns in memory, for as many negatives as there is room for.
template <class V, class T>
struct long_columns {
  column_iterator<V> score, ratio, beta, weight;
  unsigned count = 0;
  cut_room<T> cuts{};

  DYNAMICPO_HD unsigned columns() const { return count; }
  template <class, class Group>
  DYNAMICPO_HD T top_cluster(const Group& group) const {
    long_cut<Group, T> cut(group, cuts);
    cut.sort(score, count);
    return cut.least_of_top_cluster();
  }
  template <class, class Group>
  DYNAMICPO_HD T highest(const Group& group, index n) const {
    long_cut<Group, T> cut(group, cuts);
    cut.sort(score, count);
    return cut.highest(static_cast<std::size_t>(n));
  }
  DYNAMICPO_HD row_columns<V, column_iterator<V>, column_iterator<V>> for_evaluation() const {
    return {score, ratio, beta, weight, count};
  }
};

/// Least selected score; of a row without a defect, with at least one negative. `highest`: its best score.
template <class T, class Group, class Room>
DYNAMICPO_INLINE DYNAMICPO_HD T cut_in_group(const select::all&, const Group&, const Room&, const T&, const T&, index) {
  return elementary_float::lowest<T>;
}
template <class T, select::fixed_cut Select, class Group, class Room>
DYNAMICPO_INLINE DYNAMICPO_HD T cut_in_group(const Select& select, const Group&, const Room&, const T& chosen, const T&,
                                             index) {
  return select.least(chosen);
}
template <class T, class Group, class Room>
DYNAMICPO_INLINE DYNAMICPO_HD T cut_in_group(const select::boundary&, const Group& group, const Room& room,
                                             const T& chosen, const T& highest, index) {
  if (!(highest < chosen)) { return chosen; }
  return room.template top_cluster<T>(group);
}
template <class T, class Group, class Room>
DYNAMICPO_INLINE DYNAMICPO_HD T cut_in_group(const select::top_k& select, const Group& group, const Room& room,
                                             const T&, const T&, index negatives) {
  if (select.count <= 0) { return elementary_float::infinity<T>; }
  if (select.count >= negatives) { return elementary_float::lowest<T>; }
  return room.template highest<T>(group, select.count);
}

/// Selections that sort rows, or may.
template <class Select>
inline constexpr bool sorts_rows = std::is_same_v<Select, select::boundary> || std::is_same_v<Select, select::top_k>;

/// Selections that are cuts on the score, which a group finds.
template <class Select>
inline constexpr bool selects_in_group =
    std::is_same_v<Select, select::all> || std::is_same_v<Select, select::violators> ||
    std::is_same_v<Select, select::threshold> || std::is_same_v<Select, select::boundary> ||
    std::is_same_v<Select, select::top_k>;

/// What a row's scores say about which of its negatives are selected; the same in all threads.
template <class T>
struct row_cut {
  loaded_row<T> chosen;  ///< with how many negatives take part, and the first defect of the row
  T highest{0};          ///< best score of the negatives that take part
  T least{0};            ///< least selected score
  index selected = 0;
};

/// Steps 1 and 2: scores and log-ratios into the columns of `room`, and the cut. Of a row with a defect nothing is
/// selected, or, under `propagate`, all.
template <class T, class Group, class Select, class P, class Space, class Reference, class Room>
DYNAMICPO_INLINE DYNAMICPO_HD row_cut<T> cut_row(const Group& group, const Select& select,
                                                 const scores<P, Space>& policy, const Reference& reference, index row,
                                                 bool propagate, Room& room) {
  using V = typename Group::template of<T>;
  constexpr T infinite = elementary_float::infinity<T>;
  constexpr index defect_kinds = 8;
  row_cut<T> found;
  found.chosen = load_chosen<T>(policy, reference, row);
  V present(0), highest(-infinite);
  accumulator_of<V> first_defect(elementary_float::infinity<double>);
  group.each([&](unsigned rank) {
    for (unsigned c = 0; c < room.columns(); ++c) {
      const index k = static_cast<index>(c) * Group::size + rank;
      loaded_negative<T> one;
      if (k < policy.negatives(row)) { one = load_negative<T>(policy, reference, row, k); }
      // What takes no part has the score -inf, so that an impossible item that is a defect is the least possible.
      const T score = one.score == -infinite ? elementary_float::lowest<T> : one.score;
      group.set(room.score[c], rank, one.present ? score : -infinite);
      group.set(room.ratio[c], rank, one.present ? one.ratio : T(0));
      if (one.problem != defect::none && group.get(first_defect, rank) == elementary_float::infinity<double>) {
        // Of two defects of a row the first has the lesser number.
        group.set(first_defect, rank, static_cast<double>(k * defect_kinds + static_cast<index>(one.problem)));
      }
    }
  });
  for (unsigned c = 0; c < room.columns(); ++c) {
    const V score = room.score[c];
    present = present + where(score == V(-infinite), V(0), V(1));
    highest = where(highest < score, score, highest);
  }
  found.chosen.negatives = static_cast<index>(group.sum(present));
  const auto defect_order = group.least(first_defect);
  if (defect_order < elementary_float::infinity<double>) {
    const auto number = static_cast<index>(defect_order);
    found.chosen.note(static_cast<defect>(number % defect_kinds), number / defect_kinds);
  }
  const bool valid = found.chosen.problem == defect::none;
  if (!valid && !propagate) { return found; }

  found.highest = group.most(highest);
  found.least = elementary_float::lowest<T>;
  if (valid && found.chosen.negatives > 0) {
    found.least = cut_in_group<T>(select, group, room, found.chosen.score, found.highest, found.chosen.negatives);
  }
  V taken(0);
  for (unsigned c = 0; c < room.columns(); ++c) {
    taken = taken + where(negated(room.score[c] < V(found.least)), V(1), V(0));
  }
  found.selected = static_cast<index>(group.sum(taken));
  return found;
}

/// Where results go; null or empty: not asked for.
template <class T, class Space>
struct row_results {
  scores<T, Space> gradient{};
  compute_of<T>* row_loss = nullptr;
  compute_of<T>* effective_beta = nullptr;
  dynamicpo::nonfinite nonfinite = nonfinite::skip;
  accumulator_of<T> scale{1};
};

/// What became of a row; the same in all threads.
template <class T>
struct row_outcome {
  T loss{0};
  dynamicpo::defect problem = defect::none;
  index slot = -1;
  bool empty = false, underflow = false;
};

/// Sees rows through the three steps, a group a row. Trivially copyable where its parts are: a kernel takes it by
/// value.
template <bool WithGradient, class Pipeline, class P, class Reference, class Space>
struct row_by_group {
  using stored = std::remove_const_t<P>;
  using compute = compute_of<P>;
  using accumulator = accumulator_of<P>;
  using beta_type = typename Pipeline::beta_type;
  using objective_type = typename Pipeline::objective_type;
  static constexpr bool sorts = sorts_rows<typename Pipeline::select_type>;
  static constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>, writes_gradient = WithGradient;

  Pipeline pipeline;
  scores<P, Space> policy;
  Reference reference;
  row_results<stored, Space> out;

  /// `room`: columns for as many negatives as the row has, or more.
  template <class Group, class Room>
  DYNAMICPO_INLINE DYNAMICPO_HD row_outcome<compute> operator()(const Group& group, index row, Room& room) const {
    using V = typename Group::template of<compute>;
    constexpr compute not_a_number = elementary_float::nan<compute>;
    const bool propagate = out.nonfinite == nonfinite::propagate;
    const auto found = cut_row<compute>(group, pipeline.select, policy, reference, row, propagate, room);
    row_outcome<compute> outcome;
    outcome.problem = found.chosen.problem;
    outcome.slot = found.chosen.problem_slot;
    const bool valid = outcome.problem == defect::none;
    outcome.empty = valid && found.selected == 0;
    // What is written of a row that does not enter.
    bool enters = false;
    compute loss = outcome.empty ? compute(0) : not_a_number, chosen_gradient(0);
    if (found.selected > objective_type::aggregate_type::max_negatives) {
      if (valid) { outcome.problem = defect::too_many_negatives; }
    } else if (found.selected > 0) {
      const across_threads<Group, V> layout{group, V(found.least),
                                            accumulator_of<V>(static_cast<double>(found.selected))};
      accumulator_of<V> mean_rest(0);
      const auto columns = room.for_evaluation();
      if constexpr (beta_type::needs_rest) {
        mean_rest = mean_of_rest(columns.score, columns.size, layout, layout.count);
      }
      const auto result =
          evaluate_columns<WithGradient, V>(pipeline.beta, pipeline.objective, layout, V(found.chosen.score),
                                            V(found.chosen.ratio), mean_rest, columns, accumulator_of<V>(out.scale));
      const bool overflow = group.any(result.overflow);
      if (overflow && valid) { outcome.problem = defect::margin; }
      enters = !overflow || propagate;
      if (enters) {
        if constexpr (objective_type::margin_type::can_underflow) { outcome.underflow = group.all(result.underflow); }
        loss = group.at(result.loss, 0);
        if constexpr (WithGradient) { chosen_gradient = group.at(result.chosen_gradient, 0); }
        outcome.loss = loss;
      }
    }
    if (!valid && propagate && !enters) {  // nothing that the objective could take
      outcome.loss = not_a_number;
      chosen_gradient = not_a_number;
    }
    write(group, row, room, found.least, enters, loss, chosen_gradient);
    return outcome;
  }

 private:
  /// The outputs of a row; zeros of all negatives where it does not enter.
  template <class Group, class Room>
  DYNAMICPO_INLINE DYNAMICPO_HD void write(const Group& group, index row, const Room& room, const compute& least,
                                           bool enters, const compute& loss, const compute& chosen_gradient) const {
    const index flat = policy.flat(row), size = policy.negatives(row);
    group.sync();  // outputs may be the inputs, exactly in place
    group.each([&](unsigned rank) {
      if (rank == 0) {
        if (out.row_loss != nullptr) { out.row_loss[row] = loss; }
        if constexpr (WithGradient) {
          out.gradient.chosen(row) = static_cast<stored>(per_token(chosen_gradient, policy.chosen_length(row)));
        }
      }
      for (unsigned c = 0; c < room.columns(); ++c) {
        const index k = static_cast<index>(c) * Group::size + rank;
        if (k >= size) { break; }
        const bool selected = enters && !(group.get(room.score[c], rank) < least);
        if constexpr (WithGradient) {
          const compute weight = selected ? group.get(room.weight[c], rank) : compute(0);
          out.gradient.rejected(row, k) = static_cast<stored>(per_token(weight, policy.rejected_length(row, k)));
        }
        if (out.effective_beta != nullptr) {
          out.effective_beta[flat + k] = selected ? group.get(room.beta[c], rank) : compute(0);
        }
      }
    });
  }
};

/// What the rows of a batch add up to, row by row or part by part, in order.
template <class A>
struct batch_total {
  row_counts counts;
  A loss{0};

  template <class T>
  DYNAMICPO_HD void add(index row, const row_outcome<T>& outcome, bool propagate) {
    const bool invalid = outcome.problem != defect::none;
    if (invalid) {
      invalid_row found;
      found.row = row;
      found.slot = outcome.slot;
      found.defect = outcome.problem;
      counts.note(found);
      ++counts.invalid_rows;
    } else if (outcome.empty) {
      ++counts.empty_rows;
    } else {
      ++counts.rows;
      counts.underflow_rows += outcome.underflow ? 1 : 0;
    }
    if (!invalid || propagate) { loss += A(outcome.loss); }
  }
  DYNAMICPO_HD void merge(const batch_total& later) {
    counts.merge(later.counts);
    loss += later.loss;
  }
};

}  // namespace dynamicpo::inline v1::detail
