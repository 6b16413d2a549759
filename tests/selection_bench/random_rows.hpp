// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "selection_bench/rows.hpp"
#include "selection_bench/strategy.hpp"

namespace selection_bench_test {

namespace sb = selection_bench;

/// Rows of 1 to `longest` negatives: smooth or on a grid (so that values repeat and partitions tie), near 0 or near
/// -1200, a third of them with violators.
inline sb::score_rows random_rows(std::uint64_t seed, std::size_t rows, std::uint32_t longest) {
  sb::score_rows made;
  std::vector<double> scores;
  for (std::size_t row = 0; row < rows; ++row) {
    dynamicpo::sample::philox_engine random{seed, row};
    const double offset = random.below(2) == 0 ? 0 : -1200, levels = random.below(2) == 0 ? 5 : 0;
    scores.resize(1 + random.below(longest));
    for (double& score : scores) {
      const double uniform = random.uniform();
      score = offset + (levels > 0 ? std::floor(levels * uniform) : 8 * uniform * uniform);
    }
    made.add(offset + (random.below(3) == 0 ? 7 : 9), scores);
  }
  return made;
}

/// Flags of what a strategy selects.
inline std::vector<std::uint8_t> selected_by(const std::string& id, const sb::score_rows& rows,
                                             const sb::strategy_options& options = {}, std::uint32_t step = 0) {
  const auto made = sb::make_strategy(id, options);
  sb::selected_lists found;
  made.ready->select(rows, step, found);
  return sb::flags_of(rows, found);
}

inline sb::score_rows one_row(double chosen, const std::vector<double>& rejected) {
  sb::score_rows rows;
  rows.add(chosen, rejected);
  return rows;
}

}  // namespace selection_bench_test
