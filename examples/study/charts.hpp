// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "study/metric.hpp"
#include "study/plan.hpp"
#include "study/results.hpp"

namespace collapse_study {

/// A metric of one panel against K, as an SVG element to stand in a page. The element's id is chart-<metric>-<panel>;
/// each curve is a group of class "curve" whose id adds -<variant>, -sft or -popularity, with its name as <title>.
/// Colours are the page's: custom properties --vanilla, --dynamic, --selection-only, --beta-only, --reference, --axis.
struct chart {
  std::string svg;   ///< empty where gnuplot is not installed
  std::string note;  ///< a reference line too far away to be drawn
};

/// One row of small multiples: a metric, for each panel of the plan.
struct chart_row {
  const metric* shown;
  std::vector<chart> charts;
};

/// Draws all charts with one gnuplot process. Script and drawings stay in `folder`, made where it does not exist.
/// Throws std::runtime_error where gnuplot fails.
std::vector<chart_row> draw_charts(const study_plan& plan, const study_results& results,
                                   const std::vector<metric>& shown, const std::filesystem::path& folder);

}  // namespace collapse_study
