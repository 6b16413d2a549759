// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/exec/policy.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

namespace dynamicpo::inline v1::detail {

/// Cuts a batch into blocks, about 65536 scores each and at most 1024 rows: less than that is
/// done before another thread has started. A block is made of groups of rows; sums add
/// up each group and then the groups, in an order that the number of rows alone decides: neither the policy nor
/// negatives that are masked out change a bit.
struct block_plan {
  static constexpr index group = rows_per_group;
  index rows = 0, rows_per_block = group, blocks = 0, longest_row = 0;

  index groups() const { return (rows + group - 1) / group; }

  template <class T, class Space>
  static block_plan of(const scores<T, Space>& policy) {
    block_plan plan;
    plan.rows = policy.rows();
    if (plan.rows == 0) { return plan; }
    for (index row = 0; row < (policy.ragged() ? plan.rows : 1); ++row) {
      plan.longest_row = std::max(plan.longest_row, policy.negatives(row));
    }
    const index average = 1 + (policy.flat(plan.rows) - policy.flat(0)) / plan.rows;
    plan.rows_per_block = group * std::clamp<index>(65536 / group / average, 1, most_rows_per_block / group);
    plan.blocks = (plan.rows + plan.rows_per_block - 1) / plan.rows_per_block;
    return plan;
  }
};

/// The totals of the groups that a block of rows is made of.
template <class T>
struct block_totals {
  workspace<T>& room;
  /// Of the group that `row` is in.
  group_total<T>& of(index row) const { return room.total(row / rows_per_group); }
};

/// Runs `work(register_bytes, first, end, lane_buffers, block_totals)` over every block of rows, compiled for this
/// processor, and merges the totals in order.
template <class T, class Exec, class Work>
group_total<T> for_each_block(const Exec& exec, const block_plan& plan, workspace<T>* given, const Work& work) {
  std::optional<workspace<T>> own;
  workspace<T>& room = given != nullptr ? *given : own.emplace();
  room.reserve(exec.lanes(plan.blocks), plan.longest_row, plan.groups());
  for (index group = 0; group < plan.groups(); ++group) { room.total(group) = {}; }
  exec.for_each_block(plan.blocks, [&](index block, index lane) {
    const index first = block * plan.rows_per_block, end = std::min(plan.rows, first + plan.rows_per_block);
    run_on_this_processor([&](auto bytes) { work(bytes, first, end, room.lane(lane), block_totals<T>{room}); });
  });
  group_total<T> sum;
  for (index group = 0; group < plan.groups(); ++group) {
    const group_total<T>& part = room.total(group);
    sum.counts.merge(part.counts);
    sum.loss += part.loss;
    sum.seen.merge(part.seen);
  }
  return sum;
}

/// The same row by row: `work(row, lane_buffers, group_total)`.
template <class T, class Exec, class Work>
group_total<T> for_each_row(const Exec& exec, const block_plan& plan, workspace<T>* given, const Work& work) {
  return for_each_block<T>(exec, plan, given, [&](auto, index first, index end, auto& buffers, const auto& totals) {
    for (index row = first; row < end; ++row) { work(row, buffers, totals.of(row)); }
  });
}

inline void note_invalid(row_counts& counts, index row, defect problem, index slot) {
  counts.note({row, slot, problem});
  ++counts.invalid_rows;
}

/// The answer to invalid rows once every output is written.
inline void report_invalid(const char* where, const row_counts& counts, nonfinite answer) {
  if (!counts.first_invalid.exists()) { return; }
  const std::string text =
      counts.first_invalid.text() + " (" + std::to_string(counts.invalid_rows) + " invalid in all)";
  if (counts.first_invalid.defect == defect::too_many_negatives) { throw_invalid(where, text); }
  if (answer == nonfinite::throw_) { throw std::domain_error("dynamicpo::" + std::string(where) + ": " + text); }
}

/// One sentence for a policy and scores that live in different memory; false ends the instantiation there.
template <class Exec, class Space>
constexpr bool same_space() {
  static_assert(execution_policy<Exec>, "dynamicpo: the first argument must be an execution policy, such as exec::seq");
  if constexpr (execution_policy<Exec>) {
    static_assert(std::is_same_v<typename Exec::space_type, Space>,
                  "dynamicpo: the execution policy and the scores live in different memory spaces");
    constexpr bool same = std::is_same_v<typename Exec::space_type, Space>;
    static_assert(!same || block_policy<Exec>,
                  "dynamicpo: this execution policy takes whole batches, include dynamicpo/evaluate.cuh or "
                  "dynamicpo/select_negatives.cuh, under nvcc");
    return same && block_policy<Exec>;
  } else {
    return false;
  }
}

}  // namespace dynamicpo::inline v1::detail
