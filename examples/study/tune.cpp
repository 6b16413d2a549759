// SPDX-License-Identifier: MIT
#include "study/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "dynamicpo/version.hpp"
#include "study/statistics.hpp"
#include "study/tuned.hpp"

namespace collapse_study {
namespace {

// The trials of an arm: one at each rate, all epochs long.
class trials {
 public:
  trials(const tune_plan& plan, const result_log& log) : plan_{&plan}, log_{&log} {}

  tuned_arm best(objective_kind objective, variant kind) const {
    return choose(*log_, trial(objective, kind, 0), plan_->rates, plan_->seeds);
  }

  // Of the highest development figure after the sweep's epochs, mean over variants.
  double sweep_rate(objective_kind objective) const {
    return *std::ranges::max_element(plan_->rates, {}, [&](double rate) {
      double sum = 0;
      for (const variant kind : variants) {
        sum += development(*log_, trial(objective, kind, rate), plan_->seeds).at(plan_->sweep_epochs);
      }
      return sum;
    });
  }

  arm trial(objective_kind objective, variant kind, double rate) const {
    return {objective, kind, plan_->negatives, rate, plan_->epochs};
  }

 private:
  const tune_plan* plan_;
  const result_log* log_;
};

json choices_of(const tune_plan& plan, const trials& tried, const std::vector<tuned_arm>& arms) {
  json sweep = json::object(), chosen = json::array();
  for (const objective_kind objective : plan.objectives)
    sweep[std::string{name(objective)}] = tried.sweep_rate(objective);
  for (const tuned_arm& one : arms) {
    chosen.push_back({{"objective", name(one.arm.objective)},
                      {"variant", name(one.arm.variant)},
                      {"learning_rate", one.arm.learning_rate},
                      {"epochs", one.arm.epochs},
                      {"development_hit_ratio", one.development}});
  }
  return {{"chosen_on", "development rows"},
          {"seeds", plan.seeds.size()},
          {"negatives", plan.negatives},
          {"rates", plan.rates},
          {"sweep", sweep},
          {"arms", chosen}};
}

void write_choices(const std::filesystem::path& file, const data_source& source, const json& choices) {
  json all = stored_choices();
  json& mine = all[std::string{choices_field(source)}];
  // Objectives that were not tuned keep the rates they have.
  json sweep = mine.at("sweep");
  sweep.update(choices.at("sweep"));
  mine = choices;
  mine["sweep"] = sweep;
  std::ofstream stream{file};
  stream << all.dump(2) << '\n';
  if (!stream.flush()) throw std::runtime_error(file.string() + ": cannot write");
}

const tuned_arm& find(const tune_results& results, objective_kind objective, variant kind) {
  return *std::ranges::find_if(
      results.arms, [&](const tuned_arm& one) { return one.arm.objective == objective && one.arm.variant == kind; });
}

finding sentence(finding said) {
  said.claim[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(said.claim[0])));
  return said;
}

std::string arm_title(const arm& of) { return fmt::format("{} {}", title(of.variant), title(of.objective)); }

}  // namespace

json tune_plan::header() const {
  json names = json::array();
  for (const objective_kind objective : objectives) names.push_back(name(objective));
  return {{"study", "tune"},
          {"version", dynamicpo::version},
          {"data", source.identity()},
          {"objectives", names},
          {"rates", rates},
          {"epochs", epochs},
          {"negatives", negatives},
          {"seeds", seeds}};
}

tune_plan make_tune_plan(data_source source, const tune_options& options) {
  tune_plan plan{.source = std::move(source),
                 .seeds = {},
                 .objectives = options.objectives,
                 .rates = {1.5e-3, 3e-3, 5e-3, 8e-3, 1.5e-2}};
  plan.seeds.resize(options.seeds);
  std::iota(plan.seeds.begin(), plan.seeds.end(), std::uint64_t{0});
  if (options.quick) {
    plan.rates = {5e-3, 1.5e-2};
    plan.epochs = plan.sweep_epochs = 2;
  }
  return plan;
}

tune_results run_tune(const tune_plan& plan, const execution& how) {
  result_log log{how.folder / "tune.jsonl", plan.header()};
  starting_points starts{plan.source, recorded_checksums(log, plan.seeds)};
  const trials tried{plan, log};

  std::vector<pending> work = pending_seeds(plan.seeds, starts);
  std::ranges::move(pending_untrained(plan.seeds, starts), std::back_inserter(work));
  for (const objective_kind objective : plan.objectives) {
    for (const variant kind : variants) {
      for (const double rate : plan.rates) {
        for (const std::uint64_t seed : plan.seeds) {
          work.push_back(pending_trial({tried.trial(objective, kind, rate), seed}, starts));
        }
      }
    }
  }
  complete(log, work, how);

  tune_results results;
  std::vector<pending> chosen_runs;
  for (const objective_kind objective : plan.objectives) {
    for (const variant kind : variants) {
      results.arms.push_back(tried.best(objective, kind));
      const arm& chosen = results.arms.back().arm;
      for (const std::uint64_t seed : plan.seeds) {
        if (chosen.epochs == 0) continue;
        chosen_runs.push_back(pending_run({chosen, seed}, starts));
      }
    }
  }
  results.choices = choices_of(plan, tried, results.arms);
  complete(log, chosen_runs, how);

  std::vector<std::string> order;
  for (const auto* part : {&work, &chosen_runs}) {
    for (const pending& one : *part) order.push_back(one.run);
  }
  log.finish(order);
  write_choices(how.folder / "tuned.json", plan.source, results.choices);

  for (const std::uint64_t seed : plan.seeds) results.seeds.push_back(seed_result_from(log.at(seed_key(seed))));
  for (tuned_arm& one : results.arms) {
    for (const seed_result& seed : results.seeds) {
      const evaluation_metrics figures =
          one.arm.epochs == 0 ? seed.supervised : run_result_from(log.at(key({one.arm, seed.seed}))).evaluation;
      one.evaluation.push_back(figures.hit_ratio_of(one.arm.objective));
    }
  }
  return results;
}

std::string to_text(const tune_plan& plan, const tune_results& results) {
  const bool with_control = std::ranges::count(plan.objectives, objective_kind::sdpo) > 0;
  const auto against = [&](const tuned_arm& one, const tuned_arm& other) {
    if (&one == &other) return fmt::format("{:>28}", "-");
    const comparison compared = compare(one.evaluation, other.evaluation);
    return fmt::format("{:>28}",
                       fmt::format("{}{} ({}), {}", compared.difference < 0 ? "" : "+", number(compared.difference),
                                   number(compared.standard_error), p_value(compared.p)));
  };
  std::string text =
      fmt::format("{:24}{:>8}{:>8}{:>13}{:>17}{:>28}{:>28}\n", "", "rate", "epochs", "development", "HR@1 (s.e.)",
                  "minus vanilla (s.e.)", with_control ? "minus vanilla S-DPO (s.e.)" : "");
  const auto baseline = [&](std::string_view label, auto figure) {
    std::vector<double> values;
    for (const seed_result& seed : results.seeds) values.push_back(figure(seed));
    const sample_summary summary = summarise(values);
    text += fmt::format("{:24}{:>29}{:>17}\n", label, "",
                        fmt::format("{} ({})", number(summary.mean), number(summary.standard_error)));
  };
  baseline("popularity", [](const seed_result& seed) { return seed.popularity; });
  baseline("item-cosine", [](const seed_result& seed) { return seed.item_cosine; });
  baseline("SFT", [](const seed_result& seed) { return seed.supervised.hit_ratio; });
  for (const tuned_arm& one : results.arms) {
    const sample_summary summary = summarise(one.evaluation);
    text += fmt::format("{:24}{:>8}{:>8}{:>13}{:>17}{}{}\n", arm_title(one.arm),
                        one.arm.epochs == 0 ? "-" : fmt::format("{}", one.arm.learning_rate), one.arm.epochs,
                        number(one.development),
                        fmt::format("{} ({})", number(summary.mean), number(summary.standard_error)),
                        against(one, find(results, one.arm.objective, variant::vanilla)),
                        with_control ? against(one, find(results, objective_kind::sdpo, variant::vanilla)) : "");
  }
  return text;
}

std::vector<finding_group> tune_findings(const tune_plan& plan, const tune_results& results) {
  std::vector<finding_group> groups;
  for (const objective_kind objective : plan.objectives) {
    finding_group group{fmt::format("{}, tuned arms at K = {}", title(objective), plan.negatives), {}};
    const tuned_arm& vanilla = find(results, objective, variant::vanilla);
    for (const variant kind : variants) {
      if (find(results, objective, kind).arm.epochs == 0) {
        group.findings.push_back(
            sentence({fmt::format("{} {}: development rows leave SFT alone.", title(kind), title(objective)), {}}));
      }
    }
    for (const variant kind : {variant::dynamic, variant::selection_only, variant::beta_only}) {
      group.findings.push_back(
          sentence(contrast(title(kind), find(results, objective, kind).evaluation, "vanilla", vanilla.evaluation)));
    }
    group.findings.push_back(contrast("Selection only", find(results, objective, variant::selection_only).evaluation,
                                      "DynamicPO", find(results, objective, variant::dynamic).evaluation));
    groups.push_back(std::move(group));
  }
  if (std::ranges::count(plan.objectives, objective_kind::sdpo) > 0) {
    const tuned_arm& control = find(results, objective_kind::sdpo, variant::vanilla);
    finding_group across{"Against vanilla S-DPO", {}};
    for (const tuned_arm& one : results.arms) {
      if (&one == &control) continue;
      across.findings.push_back(
          sentence(contrast(arm_title(one.arm), one.evaluation, "vanilla S-DPO", control.evaluation)));
    }
    groups.push_back(std::move(across));
  }
  finding_group baselines{"Against the baselines", {}};
  const auto best =
      std::ranges::max_element(results.arms, {}, [](const tuned_arm& one) { return summarise(one.evaluation).mean; });
  const auto baseline = [&](const char* name, auto figure) {
    std::vector<double> values;
    for (const seed_result& seed : results.seeds) values.push_back(figure(seed));
    finding against = contrast(fmt::format("The best arm, {},", arm_title(best->arm)), best->evaluation, name, values);
    if (summarise(values).mean > summarise(best->evaluation).mean) against.claim += " No arm's mean is higher.";
    baselines.findings.push_back(std::move(against));
  };
  baseline("popularity", [](const seed_result& seed) { return seed.popularity; });
  baseline("item-cosine", [](const seed_result& seed) { return seed.item_cosine; });
  groups.push_back(std::move(baselines));
  return groups;
}

}  // namespace collapse_study
