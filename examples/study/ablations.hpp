// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "study/ablation_plan.hpp"
#include "study/findings.hpp"
#include "study/results.hpp"
#include "study/statistics.hpp"
#include "study/study.hpp"

namespace collapse_study {

/// A setting with what development rows chose for it, and what that training showed: of each seed HR@1 on evaluation
/// rows; the rest mean over epochs and seeds, NaN where nothing was trained.
struct setting_result {
  collapse_study::setting setting;
  collapse_study::arm arm;  ///< epochs 0: supervised fine-tuning alone
  double development;       ///< mean over seeds; NaN where nothing was chosen
  std::vector<double> evaluation;
  double selected_negatives, mean_beta, gradient_norm, update_norm;
};

struct ablation_results {
  std::vector<setting_result> settings;  ///< in the order of ablation_plan::settings

  /// Throws std::out_of_range where there is none.
  const setting_result& of(const setting& wanted) const;
  /// Of a row and what it is compared with.
  comparison against_base(const ablation& asked, const ablation::row& row) const;
};

/// Runs what folder/ablations.jsonl does not hold, and brings that file into its final form. Evaluation rows are scored
/// once the choices are made, for the chosen arms alone.
ablation_results run_ablations(const ablation_plan& plan, const execution& how);

/// A table for each ablation, its rows lettered.
std::string to_text(const ablation_plan& plan, const ablation_results& results);

/// What each ablation shows, in words: which rows differ from their base with p < .05.
std::vector<finding_group> ablation_findings(const ablation_plan& plan, const ablation_results& results);

/// A figure in three digits at any size; "-" where there is none.
std::string measured(double value);

/// What the figures do not say.
std::vector<std::string> ablation_caveats();

/// Writes folder/ablations.html, one self-contained page: findings, a table for each ablation with its differences
/// drawn, what was run, caveats.
void write_ablation_page(const ablation_plan& plan, const ablation_results& results,
                         const std::filesystem::path& folder);

}  // namespace collapse_study
