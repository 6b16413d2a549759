// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"

namespace dynamicpo::inline v1 {

/// Reads every score and says what `loss` would call invalid (with the first such row and slot) or empty before any
/// selection. Writes nothing. \throws std::invalid_argument when the shapes differ, and for nothing else.
/// `reference` may be `reference_free`.
template <class P, class Reference>
row_counts validate(const scores<P, space::host>& policy, const Reference& reference) {
  using T = compute_of<P>;
  detail::check_reference("validate", policy, reference);
  return detail::for_each_row<T>(exec::seq, detail::block_plan::of(policy), nullptr,
                                 [&](index row, auto& lane, auto& group) {
                                   const auto loaded = detail::load_row<T>(policy, reference, row, lane);
                                   if (loaded.problem != defect::none) {
                                     detail::note_invalid(group.counts, row, loaded.problem, loaded.problem_slot);
                                   } else {
                                     ++(loaded.negatives > 0 ? group.counts.rows : group.counts.empty_rows);
                                   }
                                 })
      .counts;
}

}  // namespace dynamicpo::inline v1
