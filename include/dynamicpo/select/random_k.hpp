// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1::select {

/// `count` negatives drawn uniformly without replacement; all of them when there are no more. A pure function of
/// (seed, step, first_row + row): the same draw on any number of threads; `first_row` is the batch's place in the data
/// set, so that a split batch draws the same. Draws are apart for every step and the first 2^32 rows. Cost O(K) draws
/// (sequential sampling: Knuth, TAOCP vol. 2, algorithm S).
struct random_k {
  index count = 1;
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  index first_row = 0;

  template <class T>
  constexpr selection_rule operator()(const row_scores<T>& row, std::span<std::uint8_t> selected, scratch<T>&) const {
    sample::philox_engine engine{seed, (std::uint64_t{step} << 32) ^ static_cast<std::uint64_t>(first_row + row.row)};
    index wanted = count;
    auto left = static_cast<std::uint32_t>(selected.size());
    for (auto& flag : selected) {
      // Take this one with probability wanted / left.
      flag = wanted > 0 && static_cast<index>(engine.below(left)) < wanted ? 1 : 0;
      wanted -= flag;
      --left;
    }
    return selection_rule::random_k;
  }
};

}  // namespace dynamicpo::inline v1::select
