// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "selection_bench/bench.hpp"

namespace selection_bench {

/// What the figures show, in sentences; each holds only what was measured.
std::vector<std::string> findings(const bench_results& results);

}  // namespace selection_bench
