// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "selection_bench/bench.hpp"

namespace selection_bench {

/// A strategy in a picture.
struct picture_point {
  double nanoseconds, quality;
  double error = 0;  ///< of the quality, drawn either way where it is above 0
};

/// Cost against quality: one point a strategy, by `strategies()`; empty where it has no figures.
struct picture {
  std::string id, title;
  std::vector<std::optional<picture_point>> points;
};

/// F1 on the true boundary against time: of some of the data, means over them (of time the geometric one).
picture picture_of_data(std::string id, std::string title, const std::vector<const data_result*>& data);

/// HR@1 after training against time, the latter that on the toy LLM's scores, or on all data without them. Errors are
/// standard errors, without what a seed adds to all strategies alike.
picture picture_of_training(const bench_results& results);

/// Draws all pictures with one gnuplot process, as SVG elements to stand in a page: id frontier-<id>; the front that no
/// strategy beats in both is a group of class "curve"; colours are the page's. Empty where gnuplot is not installed.
/// \throws std::runtime_error where gnuplot fails.
std::vector<std::string> draw(const std::vector<picture>& pictures);

}  // namespace selection_bench
