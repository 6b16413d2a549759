// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "study/results.hpp"

namespace collapse_study {

/// One figure of a run that is charted against K.
struct metric {
  std::string id;  ///< for names of files and elements
  std::string title;
  std::string meaning;  ///< one or two sentences
  std::function<double(const run_result&)> figure;
  /// The same of the supervised model, given the objective it is compared with; empty where it has none.
  std::function<double(const seed_result&, objective_kind)> supervised;
  bool popularity = false;  ///< the popularity baseline is a figure of this kind
  bool shared_axis = true;  ///< comparable between objectives
};

/// HR@1 by log-probability, first of all figures.
const metric& hit_ratio();

/// All charted figures. The gradient share is on the ground truth where genres are known, else on the boundary set.
std::vector<metric> metrics(bool genres_known);

}  // namespace collapse_study
