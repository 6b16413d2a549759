// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace collapse_study {

struct job {
  double cost;  ///< in any unit
  std::function<void()> work;
};

/// Runs every job once on `threads` threads: each takes the costliest that is left, the first of equals. Calls
/// `finished(share)` after each with the share of all cost that is done, one call at a time. The first exception keeps
/// further jobs from starting, and is rethrown when those under way have ended.
void run_jobs(std::vector<job> jobs, std::size_t threads, const std::function<void(double)>& finished);

}  // namespace collapse_study
