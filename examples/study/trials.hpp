// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "study/result_log.hpp"
#include "study/run.hpp"
#include "study/study.hpp"

namespace collapse_study {

/// HR@1 on development rows after each epoch, from 0 on.
using development_curve = std::vector<double>;

/// An arm with the learning rate and epochs of the highest mean HR@1 on development rows; of equals the fewest epochs,
/// then the lowest rate.
struct tuned_arm {
  collapse_study::arm arm;         ///< epochs 0: supervised fine-tuning alone
  double development;              ///< mean over seeds
  std::vector<double> evaluation;  ///< HR@1 on evaluation rows, of each seed
};

/// Development rows under the supervised model of each seed.
std::vector<pending> pending_untrained(std::span<const std::uint64_t> seeds, starting_points& starts);

/// Development rows after each epoch of a training, whose epochs are the most to choose.
pending pending_trial(const run& trial, starting_points& starts);

/// A training, evaluated on evaluation rows.
pending pending_run(const run& which, starting_points& starts, measurement what = measurement::standard);

/// Mean over seeds, of trials that the log holds.
development_curve development(const result_log& log, const arm& trial, std::span<const std::uint64_t> seeds);

/// The choice among trials of `of` at each of `rates`, all of which the log holds.
tuned_arm choose(const result_log& log, const arm& of, std::span<const double> rates,
                 std::span<const std::uint64_t> seeds);

}  // namespace collapse_study
