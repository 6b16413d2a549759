// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "study/data.hpp"
#include "study/run.hpp"

namespace collapse_study {

/// An objective at one learning rate: what one table block and one column of charts shows.
struct panel {
  collapse_study::objective_kind objective;
  double learning_rate;
  bool aggressive;  ///< else chosen on development rows

  /// "DMPO, learning rate 0.015 (aggressive)".
  std::string title() const;
  /// For names and ids: "dmpo-0.015".
  std::string id() const;
};

/// The collapse study: panels x variants x K x seeds.
struct study_plan {
  data_source source;
  std::vector<std::uint64_t> seeds;
  std::vector<collapse_study::panel> panels;
  std::vector<std::size_t> negatives;  ///< K, ascending
  std::size_t epochs = 3;

  collapse_study::arm arm(const collapse_study::panel& of, collapse_study::variant kind, std::size_t count) const {
    return {of.objective, kind, count, of.learning_rate, epochs};
  }
  /// In canonical order: panel, variant, K, seed.
  std::vector<run> runs() const;
  /// Equal for equal studies: everything that fixes the results but the machine.
  json header() const;
};

/// Far above what development rows choose for DMPO, and where the collapse shows.
inline constexpr double aggressive_rate = 1.5e-2;

struct plan_options {
  std::size_t seeds = 7;
  std::vector<objective_kind> objectives{collapse_study::objectives.begin(), collapse_study::objectives.end()};
  bool quick = false;  ///< K in {1, 5, 15} and the aggressive rate alone for DMPO
};

/// The rates are those of tuned.json; DMPO is run at the aggressive one too.
study_plan make_plan(data_source source, const plan_options& options);

}  // namespace collapse_study
