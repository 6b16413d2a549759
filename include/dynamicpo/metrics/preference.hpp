// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

namespace dynamicpo::inline v1::metrics {

/// What a policy prefers, against a reference. The reward of an item is its log-ratio rho = s - r (times beta, which
/// changes no comparison); without a reference, its score. Means are NaN without rows. Saturation and the gradient's
/// share on the boundary belong to a pipeline: instruments.hpp.
struct preference_metrics {
  index rows = 0, empty_rows = 0, invalid_rows = 0;
  // The chosen item's reward against that of each negative, and of the best one. A tie is neither won nor lost.
  std::int64_t pair_wins = 0, pair_ties = 0, pair_losses = 0;
  std::int64_t row_wins = 0, row_ties = 0, row_losses = 0;
  double mean_margin = std::numeric_limits<double>::quiet_NaN();   ///< rho_w - rho_i over all pairs, nats
  double chosen_drift = std::numeric_limits<double>::quiet_NaN();  ///< rho_w over rows: below 0, the policy unlearns it
  double rejected_drift = std::numeric_limits<double>::quiet_NaN();  ///< rho_i over all pairs

  std::int64_t pairs() const { return pair_wins + pair_ties + pair_losses; }
  double pair_win_rate() const { return static_cast<double>(pair_wins) / static_cast<double>(pairs()); }
  double row_win_rate() const { return static_cast<double>(row_wins) / static_cast<double>(rows); }
};

/// Preferences over a batch, rows as for `loss`; `reference` may be reference_free. Sums in order of rows, in double.
/// \throws std::invalid_argument when shapes differ.
template <class P, class Space, class Reference>
preference_metrics compare_rewards(const scores<P, Space>& policy, const Reference& reference) {
  using T = compute_of<P>;
  detail::check_reference("metrics::compare_rewards", policy, reference);
  preference_metrics found;
  detail::row_buffers<T> room;
  index longest = 0;
  for (index row = 0; row < policy.rows(); ++row) { longest = std::max(longest, policy.negatives(row)); }
  room.reserve(longest);
  double margins = 0, chosen = 0, rejected = 0;
  for (index row = 0; row < policy.rows(); ++row) {
    const auto loaded = detail::load_row<T>(policy, reference, row, room);
    if (loaded.problem != defect::none) {
      ++found.invalid_rows;
      continue;
    }
    if (loaded.negatives == 0) {
      ++found.empty_rows;
      continue;
    }
    ++found.rows;
    std::int64_t ties = 0, losses = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(loaded.negatives); ++i) {
      ties += loaded.ratio == room.ratio[i] ? 1 : 0;
      losses += loaded.ratio < room.ratio[i] ? 1 : 0;
      margins += static_cast<double>(loaded.ratio) - static_cast<double>(room.ratio[i]);
      rejected += static_cast<double>(room.ratio[i]);
    }
    chosen += static_cast<double>(loaded.ratio);
    found.pair_ties += ties;
    found.pair_losses += losses;
    found.pair_wins += loaded.negatives - ties - losses;
    ++(losses > 0 ? found.row_losses : ties > 0 ? found.row_ties : found.row_wins);
  }
  const auto pairs = static_cast<double>(found.pairs());
  found.mean_margin = margins / pairs;
  found.rejected_drift = rejected / pairs;
  found.chosen_drift = chosen / static_cast<double>(found.rows);
  return found;
}

}  // namespace dynamicpo::inline v1::metrics
