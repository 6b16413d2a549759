// SPDX-License-Identifier: MIT
#include "study/ablations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

#include "study/trials.hpp"

namespace collapse_study {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

// Mean over the epochs of each run, then over runs.
double training_mean(const std::vector<run_result>& runs, double toy_llm::preference_epoch::*figure) {
  double sum = 0;
  for (const run_result& one : runs) {
    for (const toy_llm::preference_epoch& epoch : one.training) {
      sum += epoch.*figure / static_cast<double>(one.training.size());
    }
  }
  return runs.empty() ? undefined : sum / static_cast<double>(runs.size());
}

tuned_arm choice(const ablation_plan& plan, const result_log& log, const setting& of) {
  if (of.length) return {plan.arm(of, *of.length, plan.matched_epochs), undefined, {}};
  return choose(log, plan.arm(of, 0, plan.epochs), plan.rates, plan.seeds);
}

setting_result read_back(const ablation_plan& plan, const result_log& log, const setting& of, const arm& chosen,
                         double development) {
  std::vector<double> evaluation;
  std::vector<run_result> runs;
  for (const std::uint64_t seed : plan.seeds) {
    if (chosen.epochs == 0) {
      evaluation.push_back(seed_result_from(log.at(seed_key(seed))).supervised.hit_ratio_of(ranked_as(chosen)));
      continue;
    }
    runs.push_back(run_result_from(log.at(key({chosen, seed}))));
    evaluation.push_back(runs.back().evaluation.hit_ratio_of(ranked_as(chosen)));
  }
  using epoch = toy_llm::preference_epoch;
  return {of,
          chosen,
          development,
          std::move(evaluation),
          training_mean(runs, &epoch::selected_negatives),
          training_mean(runs, &epoch::mean_beta),
          training_mean(runs, &epoch::gradient_norm),
          training_mean(runs, &epoch::update_norm)};
}

char letter(std::size_t row) { return static_cast<char>('a' + row); }

}  // namespace

const setting_result& ablation_results::of(const setting& wanted) const {
  const auto found = std::ranges::find(settings, wanted, &setting_result::setting);
  if (found == settings.end()) throw std::out_of_range("collapse_study: no such setting among the ablations");
  return *found;
}

comparison ablation_results::against_base(const ablation& asked, const ablation::row& row) const {
  return compare(of(row.setting).evaluation, of(asked.rows.at(row.base).setting).evaluation);
}

ablation_results run_ablations(const ablation_plan& plan, const execution& how) {
  result_log log{how.folder / "ablations.jsonl", plan.header()};
  starting_points starts{plan.source, recorded_checksums(log, plan.seeds)};
  const std::vector<setting> settings = plan.settings();

  std::vector<pending> work = pending_seeds(plan.seeds, starts);
  std::ranges::move(pending_untrained(plan.seeds, starts), std::back_inserter(work));
  for (const setting& one : settings) {
    if (one.length) continue;
    for (const double rate : plan.rates) {
      for (const std::uint64_t seed : plan.seeds) {
        work.push_back(pending_trial({plan.arm(one, rate, plan.epochs), seed}, starts));
      }
    }
  }
  complete(log, work, how);

  std::vector<tuned_arm> chosen;
  std::vector<pending> chosen_runs;
  for (const setting& one : settings) {
    chosen.push_back(choice(plan, log, one));
    if (chosen.back().arm.epochs == 0) continue;
    for (const std::uint64_t seed : plan.seeds) {
      chosen_runs.push_back(pending_run({chosen.back().arm, seed}, starts, measurement::steps));
    }
  }
  complete(log, chosen_runs, how);

  std::vector<std::string> order;
  for (const auto* part : {&work, &chosen_runs}) {
    for (const pending& one : *part) order.push_back(one.run);
  }
  log.finish(order);

  ablation_results results;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    results.settings.push_back(read_back(plan, log, settings[i], chosen[i].arm, chosen[i].development));
  }
  return results;
}

std::string to_text(const ablation_plan& plan, const ablation_results& results) {
  std::string text;
  for (const ablation& asked : plan.ablations) {
    text +=
        fmt::format("{}{}\n{:35}{:>10}{:>7}{:>15}{:>32}{:>7}{:>8}{:>7}{:>7}\n", text.empty() ? "" : "\n", asked.title,
                    "", "rate x ep.", "dev.", "HR@1 (s.d.)", "difference (s.e.), p", "|B|", "beta", "|grad|", "|step|");
    for (std::size_t i = 0; i < asked.rows.size(); ++i) {
      const ablation::row& row = asked.rows[i];
      const setting_result& found = results.of(row.setting);
      const sample_summary hits = summarise(found.evaluation);
      std::string difference = "-";
      if (row.base != i) {
        const comparison compared = results.against_base(asked, row);
        difference = fmt::format("to {}: {}{} ({}), {}", letter(row.base), compared.difference < 0 ? "" : "+",
                                 number(compared.difference), number(compared.standard_error), p_value(compared.p));
      }
      text +=
          fmt::format("{} {:33}{:>10}{:>7}{:>15}{:>32}{:>7}{:>8}{:>7}{:>7}\n", letter(i), row.label,
                      found.arm.epochs == 0 ? "SFT" : fmt::format("{} x {}", found.arm.learning_rate, found.arm.epochs),
                      std::isnan(found.development) ? "-" : number(found.development),
                      fmt::format("{} ({})", number(hits.mean), number(hits.deviation)), difference,
                      measured(found.selected_negatives), measured(found.mean_beta), measured(found.gradient_norm),
                      measured(found.update_norm));
    }
  }
  return text;
}

std::vector<finding_group> ablation_findings(const ablation_plan& plan, const ablation_results& results) {
  std::vector<finding_group> groups;
  for (const ablation& asked : plan.ablations) {
    std::string above, below, neither;
    for (std::size_t i = 0; i < asked.rows.size(); ++i) {
      const ablation::row& row = asked.rows[i];
      if (row.base == i) continue;
      const comparison compared = results.against_base(asked, row);
      std::string& said = !compared.shows() ? neither : compared.difference > 0 ? above : below;
      said += fmt::format("{}{} ({}{}{})", said.empty() ? "" : "; ", row.label, compared.difference < 0 ? "" : "+",
                          number(compared.difference),
                          row.base == 0 ? "" : fmt::format(" against {}", asked.rows[row.base].label));
    }
    finding_group group{asked.title, {}};
    if (!above.empty()) group.findings.push_back({fmt::format("Above the base: {}.", above), {}});
    if (!below.empty()) group.findings.push_back({fmt::format("Below the base: {}.", below), {}});
    if (!neither.empty()) group.findings.push_back({fmt::format("Not clearly different: {}.", neither), {}});
    groups.push_back(std::move(group));
  }
  return groups;
}

std::string measured(double value) {
  if (std::isnan(value)) return "-";
  return std::abs(value) < .9995 ? fmt::format("{:.3g}", value) : fmt::format("{:.2f}", value);
}

std::vector<std::string> ablation_caveats() {
  return {
      "A toy: a small language model over titles of a synthetic catalogue. It shows how the losses behave, not what a "
      "large model would reach.",
      "Learning rate and epochs of each setting were chosen by mean HR@1 on development rows alone, of the rates and "
      "epochs of the plan; evaluation rows were scored once, after that. Where the length of steps is given, nothing "
      "was chosen.",
      "p values are of paired two-sided t tests over seeds, not corrected for their number: of twenty settings that "
      "make no difference, one is expected to show p < .05. They never show that there is no difference.",
      "The settings were fixed before the run, with an earlier prototype's results in mind."};
}

}  // namespace collapse_study
