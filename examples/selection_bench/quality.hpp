// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "selection_bench/rows.hpp"
#include "selection_bench/strategy.hpp"

namespace selection_bench {

/// Rows to choose from, and what should be chosen. Every row has a negative.
struct bench_data {
  std::string id{}, title{}, meaning{};
  bool labelled = false;  ///< the true boundary is the generator's; else it is the exact one
  score_rows scores{};
  std::vector<std::uint8_t> truth{};  ///< the true boundary, by flat position
  std::vector<std::uint8_t> exact{};  ///< the boundary by brute force, by flat position
  score_rows permuted{};              ///< the same rows, the negatives of each in another order
  std::vector<std::int32_t> order{};  ///< by flat position of `permuted`: the slot that stood there before
};

/// Fills `exact` and `permuted`, and `truth` unless the data are labelled. \throws std::invalid_argument for a row
/// without negatives.
bench_data prepare(bench_data data, std::uint64_t seed);

/// What a strategy does to rows. Shares of nothing are NaN.
struct quality {
  double recall = 0;            ///< share of the true boundary that is selected, over all rows together
  double precision = 0;         ///< share of the selected that is on the true boundary, likewise
  double agreement = 0;         ///< share of rows whose set is the exact boundary
  double order_invariance = 0;  ///< share of rows whose set stays the same when the negatives are permuted
  double selected = 0;          ///< negatives a row, mean
  double empty_rows = 0;        ///< share of rows of which nothing is selected
  double gradient_share =
      0;  ///< of DMPO over the selected, beta 1, no reference: the part of |gradient| on the true boundary
  double ns_per_row = 0;

  /// Harmonic mean of recall and precision; 0 where nothing is found.
  double f1() const;
};

/// All but the time, unless the strategy tells it itself.
quality measure(strategy& of, const bench_data& data);

/// Nanoseconds a row of each strategy (of those that do not tell it themselves), taken by turns: the median of
/// `rounds`.
void time_by_turns(const std::vector<strategy*>& strategies, const bench_data& data, int rounds,
                   std::vector<quality>& figures);

}  // namespace selection_bench
