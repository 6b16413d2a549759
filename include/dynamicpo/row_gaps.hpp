// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/overlap.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

/// The two ends of beta::batch_gap on score views: what it reads, and how what it filters out stays out of a loss.
namespace dynamicpo::inline v1 {

/// The gap of each row: (1/n) sum over its n negatives of (rho_w - rho_i), nats; rho = s - r, or s without a reference.
/// \param policy, reference as for `loss`; negatives that are masked out, empty or -inf take no part.
/// \param gaps [B], overwritten; NaN for empty and invalid rows. Must not overlap the scores.
/// \returns what became of the rows, as `validate` says it.
/// \throws std::invalid_argument when shapes differ or `gaps` is too short or overlaps; for no value of a score.
/// Sums in accumulator_of<P>, in order of the negatives: a row's gap depends on no other row and on no thread count.
/// Cost O(sum of K_b); allocation as for `loss`.
template <class Exec, class P, class Space, class Reference>
auto row_gaps(const Exec& exec, const scores<P, Space>& policy, const Reference& reference, std::span<double> gaps,
              workspace<compute_of<P>>* workspace = nullptr) {
  using T = compute_of<P>;
  constexpr const char* where = "row_gaps";
  if constexpr (detail::same_space<Exec, Space>()) {
    detail::check_reference(where, policy, reference);
    detail::require_entries(where, "gaps", gaps, policy.rows());
    const auto written = gaps.first(static_cast<std::size_t>(policy.rows()));
    const auto require_apart = [&](const char* name, const auto& read) {
      detail::require_apart(where, "gaps", written, name, detail::lattice::of(read.chosen_span()));
      detail::require_apart(where, "gaps", written, name, detail::lattice::of(read.rejected_matrix()));
    };
    require_apart("policy", policy);
    if constexpr (!std::is_same_v<Reference, reference_free_t>) { require_apart("reference", reference); }

    const auto total = detail::for_each_row<T>(
        exec, detail::block_plan::of(policy), workspace, [&](index row, auto& lane, auto& group) {
          double& gap = written[static_cast<std::size_t>(row)];
          gap = std::numeric_limits<double>::quiet_NaN();
          const auto loaded = detail::load_row<T>(policy, reference, row, lane);
          if (loaded.problem != defect::none) {
            detail::note_invalid(group.counts, row, loaded.problem, loaded.problem_slot);
            return;
          }
          if (loaded.negatives == 0) {
            ++group.counts.empty_rows;
            return;
          }
          ++group.counts.rows;
          accumulator_of<T> sum(0);
          for (std::size_t i = 0; i < static_cast<std::size_t>(loaded.negatives); ++i) {
            sum += accumulator_of<T>(loaded.ratio) - accumulator_of<T>(lane.ratio[i]);
          }
          gap = static_cast<double>(sum / accumulator_of<T>(static_cast<double>(loaded.negatives)));
        });
    return total.counts;
  }
}

/// The same scores with every negative of the rows where `kept` is 0 absent: such a row is empty to a loss (0, gradient
/// 0, not in the mean). A mask that the policy has goes on to hold in the other rows.
/// \param kept [B]. \param mask by flat position, overwritten for these rows; the view keeps it. It may be the policy's
///             own mask, entry for entry, and overlaps nothing else.
/// \throws std::invalid_argument when one is too short or they overlap, before anything is written.
template <class P>
scores<P, space::host> keep_rows(const scores<P, space::host>& policy, std::span<const std::uint8_t> kept,
                                 std::span<std::uint8_t> mask) {
  constexpr const char* where = "keep_rows";
  const index end = policy.flat(policy.rows());
  if (static_cast<index>(kept.size()) < policy.rows() || static_cast<index>(mask.size()) < end) {
    detail::throw_invalid(where, "kept has " + std::to_string(kept.size()) + " entries and mask " +
                                     std::to_string(mask.size()) + ", expected " + std::to_string(policy.rows()) +
                                     " and " + std::to_string(end));
  }
  const auto written = mask.first(static_cast<std::size_t>(end));
  detail::require_apart(where, "mask", written, "kept", detail::lattice::of(kept));
  if (policy.masked() && policy.mask_data() != mask.data()) {
    detail::require_apart(where, "mask", written, "the policy's mask",
                          detail::lattice::of(strided_span{policy.mask_data(), end, 1}));
  }
  for (index row = 0; row < policy.rows(); ++row) {
    for (index k = 0; k < policy.negatives(row); ++k) {
      const bool stays = kept[static_cast<std::size_t>(row)] != 0 && policy.present(row, k);
      written[static_cast<std::size_t>(policy.flat(row) + k)] = stays ? 1 : 0;
    }
  }
  return policy.with_mask(lasting_span<std::uint8_t>(mask.data(), mask.size()));
}

}  // namespace dynamicpo::inline v1
