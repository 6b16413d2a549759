// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "selection_bench/quality.hpp"
#include "selection_bench/strategy.hpp"
#include "study/statistics.hpp"

namespace selection_bench {

struct bench_options {
  strategy_options strategies{};
  std::size_t rows = 1000;     ///< of each data set, at most
  std::size_t negatives = 15;  ///< of the toy LLM's rows
  std::size_t seeds = 8;       ///< of the end-to-end training, each with data of its own; 0 leaves it out
  std::size_t threads = 1;     ///< of it; decides nothing but time
  std::size_t evaluation_rows = 4000;
  std::vector<double> rates{3e-3, 5e-3, 8e-3, 1.5e-2};  ///< of which each strategy gets the best on development rows
  int rounds = 15;                                      ///< of timing
  std::uint64_t seed = 0;
  bool synthetic = true, dumps = true;
  bool train_external = true;  ///< end-to-end training with KMeans too
  std::function<void(const std::string&)> progress = [](const std::string&) {};
};

/// A strategy's figures in the order of `strategies()`; empty where it cannot run, as `absent` says.
struct data_result {
  bench_data data{};  ///< without `permuted`
  std::vector<std::optional<quality>> figures{};
  double boundary = 0, negatives = 0;  ///< true ones and all, mean a row
  double violated = 0;                 ///< share of rows with a violator
};

struct trained {
  double rate = 0;
  bool chosen_rate = true;          ///< chosen on development rows; else that of the boundary
  std::vector<double> hit_ratio{};  ///< HR@1 of each seed
  double selected = 0;              ///< negatives a row in the loss, mean
  collapse_study::sample_summary summary{};
  double half_width = 0;  ///< of the 95 % interval of the mean, by Student's t over seeds
  collapse_study::comparison against_boundary{};
};

struct bench_results {
  bench_options options{};
  std::vector<std::string> absent{};  ///< by strategy: why it cannot run; empty where it can
  std::string peer{};                 ///< what external strategies run on: "scikit-learn 1.2.1"
  std::vector<data_result> data{};
  std::vector<double> supervised{};                  ///< HR@1 of each seed before preference training
  std::vector<std::optional<trained>> end_to_end{};  ///< by strategy; empty without end-to-end training
};

/// Runs everything; `more` are data beside the synthetic rows and the toy LLM's.
bench_results run_bench(const bench_options& options, std::vector<bench_data> more);

/// Half the width of a confidence interval of the mean, by Student's t; NaN for fewer than two values.
double half_width(const collapse_study::sample_summary& of, double confidence);

struct cost_and_quality {
  double nanoseconds, quality;
};
/// Strategies (by index) that no other beats in both time and quality, by time. Entries without figures are left out.
std::vector<std::size_t> frontier(const std::vector<std::optional<cost_and_quality>>& points);

}  // namespace selection_bench
