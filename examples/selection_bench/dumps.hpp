// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "selection_bench/quality.hpp"
#include "study/data.hpp"

namespace selection_bench {

/// The toy LLM's scores of the first `rows` training rows, each with `negatives` drawn, before preference training and
/// after each of the given epochs of DynamicPO-DMPO (K = negatives, the sweep's rate). The true boundary is the exact
/// one.
std::vector<bench_data> dump_training(const collapse_study::starting_point& start, std::uint64_t seed, std::size_t rows,
                                      std::size_t negatives, std::span<const std::size_t> after_epochs);

}  // namespace selection_bench
