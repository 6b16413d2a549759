// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "study/result_log.hpp"
#include "study/run.hpp"
#include "toy_llm/model.hpp"

namespace collapse_study {

/// What a model does on rows it was not trained on: ranking by log-probability, and free greedy generation.
struct evaluation_metrics {
  double hit_ratio = 0;               ///< HR@1 by log-probability
  double hit_ratio_average = 0;       ///< HR@1 by log-probability / tokens
  double win_rate = 0;                ///< share of negatives that the chosen item outscores
  double chosen_log_probability = 0;  ///< mean over rows
  double generated_title = 0;         ///< share of rows whose generated text is a title of the catalogue
  double generated_candidate = 0;     ///< ... of exactly one of the row's candidates
  double generated_hit_ratio = 0;     ///< ... of the chosen item
  double invalid_rows = 0;            ///< rows with scores that are not finite

  /// By what the objective was trained on: MPPO on averages over tokens, the others on whole titles.
  double hit_ratio_of(objective_kind objective) const {
    return objective == objective_kind::mppo ? hit_ratio_average : hit_ratio;
  }
};

evaluation_metrics evaluate(toy_llm::language_model<float>& model, std::span<const toy_llm::ranking_row> rows);

/// What all runs of a seed start from, and the scorers that learn nothing from preferences.
struct seed_result {
  std::uint64_t seed;
  double popularity;   ///< HR@1
  double item_cosine;  ///< HR@1
  evaluation_metrics supervised;
  std::uint64_t checksum;  ///< of the parameters after supervised fine-tuning
};

struct run_result {
  collapse_study::run run;
  std::vector<toy_llm::preference_epoch> training;
  evaluation_metrics evaluation;
};

struct study_results {
  std::vector<seed_result> seeds;
  std::vector<run_result> runs;

  /// A figure of an arm for each seed, in the order of `seeds`. Throws std::out_of_range where a run is missing.
  template <class Figure>
  std::vector<double> each_seed(const collapse_study::arm& arm, Figure figure) const {
    std::vector<double> figures;
    for (const seed_result& seed : seeds) figures.push_back(figure(at({arm, seed.seed})));
    return figures;
  }
  template <class Figure>
  std::vector<double> each_seed(Figure figure) const {
    std::vector<double> figures;
    for (const seed_result& seed : seeds) figures.push_back(figure(seed));
    return figures;
  }
  const run_result& at(const run& which) const;
};

std::string seed_key(std::uint64_t seed);

json to_json(const seed_result& result);
json to_json(const run_result& result);
seed_result seed_result_from(const json& record);
run_result run_result_from(const json& record);

}  // namespace collapse_study
