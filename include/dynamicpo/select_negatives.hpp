// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/row_selection.hpp"
#include "dynamicpo/exec/policy.hpp"
#include "dynamicpo/outputs.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1 {

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
                      const selection_outputs<std::remove_const_t<P>, Space>& out) {
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
    const detail::row_selection<Select, P, Space> row_work{select, policy, out};
    const auto total = detail::for_each_block<T>(exec, plan, out.workspace, row_work);
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
