// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "study/data.hpp"
#include "study/plan.hpp"
#include "study/result_log.hpp"
#include "study/results.hpp"

namespace collapse_study {

/// How a study runs; none of it changes a result.
struct execution {
  std::filesystem::path folder;  ///< of the results, made where it does not exist
  std::size_t threads = 1;
  std::function<void(double)> progress = [](double) {};  ///< after each run: the share of the work that is done
};

/// Something to run, whose record goes into a log.
struct pending {
  std::string run;  ///< of the record
  double cost;
  std::function<json()> record;
};

/// Runs and appends what the log does not hold. The seconds of each run go to folder/timings.jsonl.
void complete(result_log& log, const std::vector<pending>& runs, const execution& how);

/// Supervised fine-tuning of each seed, evaluated.
std::vector<pending> pending_seeds(const std::vector<std::uint64_t>& seeds, starting_points& starts);

/// The checksums that a log's records of seeds hold.
std::map<std::uint64_t, std::uint64_t> recorded_checksums(const result_log& log,
                                                          const std::vector<std::uint64_t>& seeds);

/// Whether a training's steps are measured, which changes no other figure.
enum class measurement { standard, steps };

/// Options of a run's training.
toy_llm::preference_options training_options(const run& which, measurement what = measurement::standard);

/// Trains, and evaluates on evaluation rows.
run_result execute(const run& which, const starting_point& start, measurement what = measurement::standard);

/// Runs what folder/results.jsonl does not hold, and brings that file into its final form. Throws as result_log and
/// starting_points do.
study_results run_study(const study_plan& plan, const execution& how);

}  // namespace collapse_study
