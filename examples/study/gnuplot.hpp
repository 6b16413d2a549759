// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

namespace collapse_study {

/// The size of a chart and the room around its plot, pixels.
struct chart_box {
  int width, height, left, right, top, bottom;
};

struct y_axis {
  double low, high;
  int ticks;           ///< about so many
  int least_decimals;  ///< of their labels
  int ink, grid_ink;
};

/// How the script of a chart begins: it is drawn into <id>.svg, for embeddable (study/svg.hpp).
std::string begin_chart(const std::string& id, const chart_box& box, const y_axis& y);

/// Runs gnuplot on a script, in its folder; what it says goes to <script>.log. False where gnuplot is not installed.
/// Throws std::runtime_error with the first words of the log where it fails.
bool run_gnuplot(const std::filesystem::path& script);

}  // namespace collapse_study
