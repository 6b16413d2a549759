// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "selection_bench/rows.hpp"

namespace selection_bench {

/// The boundary of one row by its definition, tried out: the violators; where there is none, of all ways to cut the
/// sorted scores into min(3, distinct values) intervals the one of least cost (sum of squared deviations from interval
/// means), its top interval. Costs within 8 K eps of the least tie, and the largest top interval wins. O(K^2)
/// partitions, costs in long double. Shares nothing with the library. Flags by slot.
std::vector<std::uint8_t> exact_boundary(double chosen, std::span<const double> rejected);

/// The same for all rows, by flat position.
std::vector<std::uint8_t> exact_boundaries(const score_rows& rows);

}  // namespace selection_bench
