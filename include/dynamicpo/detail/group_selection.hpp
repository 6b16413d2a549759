// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>

#include "dynamicpo/detail/group_row.hpp"

/// The row function of `select_negatives` over a group of threads (detail/thread_group.hpp): what a row's selection
/// found, by which its negatives can be listed when it is known where each list begins.
namespace dynamicpo::inline v1::detail {

/// Selections whose cut the chosen score alone decides, all of them by one kernel: all, violators and threshold.
struct cut_by_chosen : select::threshold {
  selection_rule rule = selection_rule::none;
};
template <class Select>
constexpr Select for_kernel(const Select& select) {
  return select;
}
constexpr cut_by_chosen for_kernel(const select::all&) {
  return {{.gap = -elementary_float::infinity<double>}, selection_rule::all};
}
constexpr cut_by_chosen for_kernel(const select::violators&) { return {{}, selection_rule::violators}; }
constexpr cut_by_chosen for_kernel(const select::threshold& select) { return {select, selection_rule::threshold}; }

/// What decides a row with at least one negative. `highest`: its best score.
template <class T>
DYNAMICPO_HD selection_rule rule_in_group(const cut_by_chosen& select, const T&, const T&) {
  return select.rule;
}
template <class T>
DYNAMICPO_HD selection_rule rule_in_group(const select::top_k&, const T&, const T&) {
  return selection_rule::top_k;
}
template <class T>
DYNAMICPO_HD selection_rule rule_in_group(const select::boundary&, const T& chosen, const T& highest) {
  return highest < chosen ? selection_rule::cluster : selection_rule::violators;
}

/// By row; null: not asked for.
template <class T>
struct row_selections {
  std::int64_t* count = nullptr;  ///< selected negatives, 0 of a row with a defect
  T* least = nullptr;             ///< least selected score
  selection_rule* rule = nullptr;
  T* mean_rest = nullptr;
};

/// The outcome's loss is the number of selected negatives, so that the totals of a batch count them: exact, in double.
template <class Select, class P, class Space>
struct selection_by_group {
  using stored = std::remove_const_t<P>;
  using compute = compute_of<P>;
  static constexpr bool sorts = sorts_rows<Select>, has_reference = false, writes_gradient = false;

  Select select;
  scores<P, Space> policy;
  row_selections<compute> out;

  /// `room`: columns for as many negatives as the row has, or more.
  template <class Group, class Room>
  DYNAMICPO_INLINE DYNAMICPO_HD row_outcome<double> operator()(const Group& group, index row, Room& room) const {
    using V = typename Group::template of<compute>;
    const auto found = cut_row<compute>(group, select, policy, reference_free_t{}, row, false, room);
    const bool valid = found.chosen.problem == defect::none;
    compute mean_rest = elementary_float::nan<compute>;
    if (out.mean_rest != nullptr && found.selected > 0) {
      const across_threads<Group, V> layout{group, V(found.least),
                                            accumulator_of<V>(static_cast<double>(found.selected))};
      const auto columns = room.for_evaluation();
      mean_rest = static_cast<compute>(group.at(mean_of_rest(columns.score, columns.size, layout, layout.count), 0));
    }
    group.each([&](unsigned rank) {
      if (rank != 0) { return; }
      if (out.count != nullptr) { out.count[row] = found.selected; }
      if (out.least != nullptr) { out.least[row] = found.least; }
      if (out.rule != nullptr) {
        out.rule[row] = valid && found.chosen.negatives > 0 ? rule_in_group(select, found.chosen.score, found.highest)
                                                            : selection_rule::none;
      }
      if (out.mean_rest != nullptr) { out.mean_rest[row] = mean_rest; }
    });
    row_outcome<double> outcome;
    outcome.problem = found.chosen.problem;
    outcome.slot = found.chosen.problem_slot;
    outcome.empty = valid && found.selected == 0;
    outcome.loss = static_cast<double>(found.selected);
    return outcome;
  }
};

}  // namespace dynamicpo::inline v1::detail
