// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dynamicpo/detail/column_evaluation.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/instruments.hpp"
#include "dynamicpo/select/boundary.hpp"

namespace dynamicpo::inline v1::detail {

/// What the instruments see of one row.
template <class T>
struct instrument_row {
  template <class Objective>
  static void record(const Objective& objective, const loaded_row<T>& loaded, index row, index count,
                     const evaluated_row<T>& result, row_buffers<T>& lane, const accumulator_of<T>& scale,
                     instruments<accumulator_of<T>>& seen) {
    const auto size = static_cast<std::size_t>(loaded.negatives);
    seen.selected += count;
    seen.saturated_rows += elementary::abs(result.link_slope) < T(1e-3) ? 1 : 0;

    const T chosen = objective.margin.utility(loaded.score, loaded.ratio);
    std::int64_t ties = 0, losses = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const T rejected = objective.margin.utility(lane.score[i], lane.ratio[i]);
      ties += chosen == rejected ? 1 : 0;
      losses += chosen < rejected ? 1 : 0;
    }
    seen.pair_losses += losses;
    seen.pair_ties += ties;
    seen.pair_wins += loaded.negatives - losses - ties;
    ++(losses > 0 ? seen.row_losses : ties > 0 ? seen.row_ties : seen.row_wins);

    auto scratch = lane.scratch();
    flag(select::boundary{}, visible(loaded, lane, row), std::span<std::uint8_t>(lane.boundary).first(size), scratch);
    for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) {
      const accumulator_of<T> pull = accumulator_of<T>(elementary::abs(lane.weight[j])) / scale;
      seen.beta_sum += lane.beta[j];
      seen.gradient_sum += pull;
      if (lane.boundary[static_cast<std::size_t>(lane.pick[j])] != 0) { seen.boundary_gradient_sum += pull; }
    }
  }
};

}  // namespace dynamicpo::inline v1::detail
