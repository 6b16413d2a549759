// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "study/data.hpp"
#include "study/findings.hpp"
#include "study/results.hpp"
#include "study/run.hpp"
#include "study/study.hpp"
#include "study/trials.hpp"

namespace collapse_study {

/// Fair tuning: learning rate and number of epochs of every arm at one K, chosen on development rows alone.
struct tune_plan {
  data_source source;
  std::vector<std::uint64_t> seeds;
  std::vector<objective_kind> objectives;
  std::vector<double> rates;
  std::size_t epochs = 4;        ///< 0 to this many; 0 leaves supervised fine-tuning alone
  std::size_t sweep_epochs = 3;  ///< those of the collapse study, for whose sweeps a rate is chosen too
  std::size_t negatives = 19;    ///< K

  json header() const;
};

struct tune_options {
  std::size_t seeds = 12;
  std::vector<objective_kind> objectives{collapse_study::objectives.begin(), collapse_study::objectives.end()};
  bool quick = false;  ///< two rates and two epochs
};

tune_plan make_tune_plan(data_source source, const tune_options& options);

struct tune_results {
  std::vector<tuned_arm> arms;  ///< by objective and variant, in the order of run.hpp
  std::vector<seed_result> seeds;
  json choices;  ///< what tuned.json stores for data of this kind
};

/// Runs what folder/tune.jsonl does not hold, brings that file into its final form and writes the choices, as a whole
/// tuned.json, to folder/tuned.json. Evaluation rows are scored once the choices are made, for the chosen arms alone.
tune_results run_tune(const tune_plan& plan, const execution& how);

/// The tuned arms, each against vanilla of its objective and against vanilla S-DPO.
std::string to_text(const tune_plan& plan, const tune_results& results);

/// How the arms compare, in words.
std::vector<finding_group> tune_findings(const tune_plan& plan, const tune_results& results);

}  // namespace collapse_study
