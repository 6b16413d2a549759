// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "study/plan.hpp"
#include "study/results.hpp"

namespace collapse_study {

/// Writes folder/report.html, one self-contained page: charts against K, findings, table, what was run, caveats. Its
/// drawings and their gnuplot script go to folder/charts. False where gnuplot is not installed: the page says so
/// instead of showing charts.
bool write_report(const study_plan& plan, const study_results& results, const std::filesystem::path& folder);

}  // namespace collapse_study
