// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1 {

/// Instruments off: an empty member, no code.
struct no_instruments {};

/// What a batch's gradient is made of; ask for it with `with_instruments`. Sums over the rows that count, so results of
/// split batches merge. "Boundary" is select::boundary on the policy scores, whatever the pipeline selects.
template <class A>
struct instruments {
  std::int64_t selected = 0;      ///< negatives in the loss
  A beta_sum{0};                  ///< of their beta_i
  A gradient_sum{0};              ///< sum of |dL_row/ds_i| over negatives, unscaled by reduction and lengths
  A boundary_gradient_sum{0};     ///< the part of it on the boundary
  std::int64_t saturated_rows = 0;  ///< |link'(z)| < 1e-3: the row hardly learns any more
  // By utility (log-ratio, score or probability, as the objective has it); ties are neither wins nor losses.
  std::int64_t pair_wins = 0, pair_ties = 0, pair_losses = 0;  ///< chosen against each negative
  std::int64_t row_wins = 0, row_ties = 0, row_losses = 0;     ///< chosen against the best negative

  A mean_beta() const { return ratio(beta_sum, A(static_cast<double>(selected))); }
  A boundary_gradient_share() const { return ratio(boundary_gradient_sum, gradient_sum); }
  double saturation_share(index rows) const { return share(saturated_rows, rows); }
  double pairwise_win_rate() const { return share(pair_wins, pair_wins + pair_ties + pair_losses); }
  double win_rate() const { return share(row_wins, row_wins + row_ties + row_losses); }

  constexpr void merge(const instruments& later) {
    selected += later.selected;
    beta_sum += later.beta_sum;
    gradient_sum += later.gradient_sum;
    boundary_gradient_sum += later.boundary_gradient_sum;
    saturated_rows += later.saturated_rows;
    pair_wins += later.pair_wins;
    pair_ties += later.pair_ties;
    pair_losses += later.pair_losses;
    row_wins += later.row_wins;
    row_ties += later.row_ties;
    row_losses += later.row_losses;
  }

 private:
  // 0/0 is NaN: no rows, no share.
  static A ratio(const A& part, const A& whole) { return part / whole; }
  static double share(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  }
};

/// Last argument of `loss` and `loss_and_gradient`: fill result.instruments. Costs a boundary selection a row.
struct with_instruments_t {};
inline constexpr with_instruments_t with_instruments{};

}  // namespace dynamicpo::inline v1
