// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/exec/policy.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/select/concept.hpp"
#include "dynamicpo/workspace.hpp"

namespace dynamicpo::inline v1 {

/// Where a selection goes. T is the element type of the policy scores. Nothing here may overlap the scores.
template <class T>
struct selection_outputs {
  /// The selected negatives of row b are slots[offsets[b]] .. slots[offsets[b+1]), ascending indices into its rejected.
  /// offsets: B + 1 entries; slots: one for every rejected of the batch. Both or neither.
  std::span<std::int64_t> offsets{};
  std::span<std::int32_t> slots{};
  /// [B] what decided each row; `none` for empty and invalid rows.
  std::span<selection_rule> rule{};
  /// [B] mean score of the negatives left out, of the selected ones when none is; NaN for empty and invalid rows.
  std::span<compute_of<T>> mean_rest{};
  dynamicpo::nonfinite nonfinite = nonfinite::throw_;
  dynamicpo::workspace<compute_of<T>>* workspace = nullptr;
};

/// What `select_negatives` found: `selected` in all, and the rows as for `loss` (a row of which nothing is selected is
/// empty).
struct selection_counts : row_counts {
  index selected = 0;
};

/// Which negatives a selection keeps, as compact lists: score, differentiate or look up only those. The lists index the
/// rejected of the original rows and make ragged rows of their own (offsets fit `view`). Reads policy scores alone.
/// \throws std::invalid_argument when an output is too short; std::domain_error as for `loss` (propagate acts as skip:
/// an invalid row has no order to select by). Cost, bits and allocation as for `loss`.
template <class Exec, class Select, class P, class Space>
auto select_negatives(const Exec& exec, const Select& select, const scores<P, Space>& policy,
                      const selection_outputs<std::remove_const_t<P>>& out) {
  using T = compute_of<P>;
  constexpr const char* where = "select_negatives";
  static_assert(selection<Select, T>, "dynamicpo: not a selection; see dynamicpo/select/concept.hpp");
  if constexpr (detail::same_space<Exec, Space>() && selection<Select, T>) {
    const index first = policy.flat(0);
    if (out.offsets.empty() != out.slots.empty() && policy.flat(policy.rows()) != first) {
      detail::throw_invalid(where, "offsets and slots go together, one of them is missing");
    }
    detail::require_room(where, "offsets", out.offsets, policy.rows() + 1);
    detail::require_room(where, "slots", out.slots, policy.flat(policy.rows()) - first);
    detail::require_room(where, "rule", out.rule, policy.rows());
    detail::require_room(where, "mean_rest", out.mean_rest, policy.rows());

    const auto plan = detail::block_plan::of(policy);
    const auto total = detail::for_each_row<T>(exec, plan, out.workspace, [&](index row, auto& lane, auto& group) {
      const auto at = static_cast<std::size_t>(row);
      const auto loaded = detail::load_row<T>(policy, reference_free, row, lane);
      detail::selected_row<T> found;
      if (loaded.problem != defect::none) {
        detail::note_invalid(group.counts, row, loaded.problem, loaded.problem_slot);
      } else {
        found = detail::select_row(select, loaded, row, lane);
        ++(found.count > 0 ? group.counts.rows : group.counts.empty_rows);
      }
      group.seen.selected += found.count;
      if (!out.rule.empty()) { out.rule[at] = found.rule; }
      if (!out.mean_rest.empty()) {
        out.mean_rest[at] = found.count > 0 ? static_cast<T>(detail::mean_of_rest(loaded.negatives, found.count, lane))
                                            : T(std::numeric_limits<double>::quiet_NaN());
      }
      if (!out.offsets.empty()) {
        out.offsets[at + 1] = found.count;
        for (index j = 0; j < found.count; ++j) {  // at the row's own place; compacted below
          out.slots[static_cast<std::size_t>(policy.flat(row) - first + j)] =
              lane.slot[static_cast<std::size_t>(lane.pick[static_cast<std::size_t>(j)])];
        }
      }
    });
    if (!out.offsets.empty()) {
      out.offsets[0] = 0;
      for (index row = 0; row < policy.rows(); ++row) {
        const auto at = static_cast<std::size_t>(row);
        const auto source = out.slots.begin() + (policy.flat(row) - first);
        const auto target = out.slots.begin() + out.offsets[at];
        if (source != target) { std::copy(source, source + out.offsets[at + 1], target); }
        out.offsets[at + 1] += out.offsets[at];
      }
    }
    selection_counts result;
    static_cast<row_counts&>(result) = total.counts;
    result.selected = total.seen.selected;
    detail::report_invalid(where, total.counts, out.nonfinite);
    return result;
  }
}

}  // namespace dynamicpo::inline v1
