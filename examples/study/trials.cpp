// SPDX-License-Identifier: MIT
#include "study/trials.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>

#include "toy_llm/ranking.hpp"

namespace collapse_study {
namespace {

std::string trial_key(const run& which) { return "development/" + key(which); }
std::string untrained_key(std::uint64_t seed) { return fmt::format("development/seed={}", seed); }

double development_hit_ratio(toy_llm::language_model<float>& model, const starting_point& start,
                             objective_kind objective) {
  const toy_llm::ranking_metrics ranking = toy_llm::rank(model, start.data().development);
  return objective == objective_kind::mppo ? ranking.hit_ratio_average : ranking.hit_ratio;
}

json untrained_record(std::uint64_t seed, const starting_point& start) {
  toy_llm::language_model<float> model = start.supervised();
  json record{{"run", untrained_key(seed)}};
  for (const objective_kind objective : objectives) {
    record[std::string{name(objective)}] = development_hit_ratio(model, start, objective);
  }
  return record;
}

json trial_record(const run& which, const starting_point& start) {
  toy_llm::language_model<float> policy = start.supervised();
  toy_llm::remembered_model reference = start.reference();
  development_curve hits;
  toy_llm::train_preference(policy, reference, start.data(), training_options(which),
                            [&] { hits.push_back(development_hit_ratio(policy, start, ranked_as(which.arm))); });
  return {{"run", trial_key(which)}, {"development", hits}};
}

}  // namespace

std::vector<pending> pending_untrained(std::span<const std::uint64_t> seeds, starting_points& starts) {
  std::vector<pending> work;
  for (const std::uint64_t seed : seeds) {
    work.push_back({untrained_key(seed), 1, [&starts, seed] { return untrained_record(seed, starts.of(seed)); }});
  }
  return work;
}

pending pending_trial(const run& trial, starting_points& starts) {
  return {trial_key(trial), cost(trial.arm), [&starts, trial] { return trial_record(trial, starts.of(trial.seed)); }};
}

pending pending_run(const run& which, starting_points& starts, measurement what) {
  return {key(which), cost(which.arm),
          [&starts, which, what] { return to_json(execute(which, starts.of(which.seed), what)); }};
}

development_curve development(const result_log& log, const arm& trial, std::span<const std::uint64_t> seeds) {
  development_curve mean(trial.epochs + 1);
  for (const std::uint64_t seed : seeds) {
    auto hits = log.at(trial_key({trial, seed})).at("development").get<development_curve>();
    hits.insert(hits.begin(), log.at(untrained_key(seed)).at(std::string{name(ranked_as(trial))}).get<double>());
    for (std::size_t epoch = 0; epoch < mean.size(); ++epoch) {
      mean[epoch] += hits.at(epoch) / static_cast<double>(seeds.size());
    }
  }
  return mean;
}

tuned_arm choose(const result_log& log, const arm& of, std::span<const double> rates,
                 std::span<const std::uint64_t> seeds) {
  std::vector<development_curve> curves;
  for (const double rate : rates) {
    arm trial = of;
    trial.learning_rate = rate;
    curves.push_back(development(log, trial, seeds));
  }
  std::optional<tuned_arm> chosen;
  for (std::size_t epoch = 0; epoch <= of.epochs; ++epoch) {
    for (std::size_t i = 0; i < rates.size(); ++i) {
      if (chosen && !(curves[i][epoch] > chosen->development)) continue;
      chosen = {of, curves[i][epoch], {}};
      chosen->arm.learning_rate = rates[i];
      chosen->arm.epochs = epoch;
    }
  }
  return chosen.value();
}

}  // namespace collapse_study
