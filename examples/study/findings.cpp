// SPDX-License-Identifier: MIT
#include "study/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "study/metric.hpp"

namespace collapse_study {

std::string number(double value) {
  std::string text = fmt::format("{:.{}f}", value, std::abs(value) < 1 ? 4 : std::abs(value) < 10 ? 3 : 2);
  const std::size_t zero = text.find("0.");
  if (zero == 0 || (zero == 1 && text[0] == '-')) text.erase(zero, 1);
  return text;
}

std::string p_value(double p) {
  if (std::isnan(p)) return "no test";
  if (p < 1e-4) return "p < .0001";
  return fmt::format("p = {}", number(p));
}

std::string evidence(const comparison& compared) {
  const std::string difference =
      fmt::format("difference {}{}", compared.difference < 0 ? "" : "+", number(compared.difference));
  if (compared.count < 2) return difference + "; one seed, no test";
  return fmt::format("{}, s.e. {} paired, {} pooled; t = {:.1f}, {}", difference, number(compared.standard_error),
                     number(compared.pooled_error), compared.t, p_value(compared.p));
}

finding contrast(std::string_view a, std::span<const double> values_a, std::string_view b,
                 std::span<const double> values_b) {
  const comparison compared = compare(values_a, values_b);
  const std::string one = fmt::format("{} ({})", a, number(summarise(values_a).mean));
  const std::string other = fmt::format("{} ({})", b, number(summarise(values_b).mean));
  if (compared.shows()) {
    return {fmt::format("{} is {} {}.", one, compared.difference > 0 ? "above" : "below", other), evidence(compared)};
  }
  if (compared.count < 2) return {fmt::format("{} against {}.", one, other), evidence(compared)};
  return {fmt::format("{} shows no clear difference from {}.", one, other), evidence(compared)};
}

namespace {

using figure = std::function<double(const run_result&)>;

double last_loss(const run_result& result) { return result.training.back().training_loss; }
double valid_titles(const run_result& result) { return result.evaluation.generated_title; }
double same_genre_share(const run_result& result) { return result.training.back().same_genre_gradient_share; }

// Figures of one panel, and what is said of every panel.
class panel_reading {
 public:
  panel_reading(const study_plan& plan, const study_results& results, const panel& of)
      : plan_{&plan}, results_{&results}, panel_{&of} {}

  std::size_t last() const { return plan_->negatives.back(); }
  std::vector<double> values(variant kind, std::size_t count, const figure& which = hit_ratio().figure) const {
    return results_->each_seed(plan_->arm(*panel_, kind, count), which);
  }
  double mean(variant kind, std::size_t count, const figure& which = hit_ratio().figure) const {
    return summarise(values(kind, count, which)).mean;
  }
  std::string arm_title(variant kind) const { return fmt::format("{} {}", title(kind), title(panel_->objective)); }

  finding_group all() const {
    const std::string at_last = fmt::format("At K = {}, ", last());
    const auto hits = [&](variant kind) { return values(kind, last()); };
    const auto at = [&](finding said) {
      said.claim.insert(0, at_last);
      return said;
    };
    finding_group group{panel_->title(), collapse()};
    const comparison rise = change(variant::dynamic);
    group.findings.push_back(
        {fmt::format("DynamicPO {}.", movement(rise, variant::dynamic, hit_ratio().figure)), evidence(rise)});

    const std::size_t best = best_count(variant::vanilla);
    group.findings.push_back(
        at(contrast("DynamicPO", hits(variant::dynamic), fmt::format("vanilla at its best K, {}", best),
                    values(variant::vanilla, best))));
    if (best != last()) {
      group.findings.push_back(at(contrast("DynamicPO", hits(variant::dynamic), "vanilla", hits(variant::vanilla))));
    }
    group.findings.push_back(
        at(contrast("selection only", hits(variant::selection_only), "DynamicPO", hits(variant::dynamic))));
    const comparison gain = compare(hits(variant::dynamic), hits(variant::vanilla));
    if (gain.shows() && gain.difference > 0) {
      const double selection = compare(hits(variant::selection_only), hits(variant::vanilla)).difference;
      group.findings.back().claim +=
          fmt::format(" Of DynamicPO's gain over vanilla, {}, selection alone brings {} ({:.0f} %).",
                      number(gain.difference), number(selection), 100 * selection / gain.difference);
    }
    group.findings.push_back(
        at(contrast("beta only, over all negatives,", hits(variant::beta_only), "vanilla", hits(variant::vanilla))));
    if (panel_->objective == objective_kind::mppo) group.findings.push_back(tally());
    if (plan_->source.is_synthetic()) {
      group.findings.push_back(side_by_side("Gradient on negatives of the chosen item's genre", same_genre_share, {}));
      group.findings.push_back(
          side_by_side("Valid titles in greedy generation", valid_titles, &evaluation_metrics::generated_title));
    }
    group.findings.push_back(side_by_side(
        "Log-probability of the chosen item",
        [](const run_result& run) { return run.evaluation.chosen_log_probability; },
        &evaluation_metrics::chosen_log_probability));
    return group;
  }

 private:
  std::size_t first() const { return plan_->negatives.front(); }
  std::size_t best_count(variant kind) const {
    return *std::ranges::max_element(plan_->negatives, {}, [&](std::size_t count) { return mean(kind, count); });
  }
  comparison change(variant kind, const figure& which = hit_ratio().figure) const {
    return compare(values(kind, last(), which), values(kind, first(), which));
  }

  // "falls from .50 at K = 1 to .47 at K = 19"
  std::string movement(const comparison& moved, variant kind, const figure& which) const {
    const std::string from = number(mean(kind, first(), which)), to = number(mean(kind, last(), which));
    if (moved.count >= 2 && !moved.shows()) {
      return fmt::format("shows no clear change, {} at K = {} and {} at K = {}", from, first(), to, last());
    }
    const char* verb = moved.count < 2 ? "goes" : moved.difference < 0 ? "falls" : "rises";
    return fmt::format("{} from {} at K = {} to {} at K = {}", verb, from, first(), to, last());
  }

  // Whether vanilla's accuracy falls with its loss, from the smallest K or from the best, and how far down.
  std::vector<finding> collapse() const {
    const std::size_t peak = best_count(variant::vanilla);
    const comparison whole = change(variant::vanilla);
    std::vector<finding> said{{fmt::format("Vanilla {} {}; its training loss {}.", title(panel_->objective),
                                           movement(whole, variant::vanilla, hit_ratio().figure),
                                           movement(change(variant::vanilla, last_loss), variant::vanilla, last_loss)),
                               evidence(whole)}};
    const auto ending = values(variant::vanilla, last());
    const comparison from_peak = compare(ending, values(variant::vanilla, peak));
    if (peak != first() && peak != last()) {
      said.push_back({fmt::format("From its best K, {} ({}), to K = {} ({}) it {}.", peak,
                                  number(mean(variant::vanilla, peak)), last(), number(summarise(ending).mean),
                                  from_peak.count < 2 ? "goes down"
                                  : from_peak.shows() ? "falls"
                                                      : "shows no clear change"),
                      evidence(from_peak)});
    }
    const bool falls = (whole.shows() && whole.difference < 0) || (from_peak.shows() && from_peak.difference < 0);
    const comparison loss =
        compare(values(variant::vanilla, last(), last_loss),
                values(variant::vanilla, whole.shows() && whole.difference < 0 ? first() : peak, last_loss));
    const auto supervised =
        results_->each_seed([&](const seed_result& seed) { return seed.supervised.hit_ratio_of(panel_->objective); });
    const comparison against_start = compare(ending, supervised);
    const std::string start = fmt::format("SFT ({})", number(summarise(supervised).mean));
    std::string verdict;
    if (whole.count < 2) {
      verdict = "One seed cannot tell whether it collapses.";
    } else if (!falls) {
      verdict = "No collapse is shown.";
    } else if (!(loss.shows() && loss.difference < 0)) {
      verdict = "Accuracy falls, though not along with the loss.";
    } else if (against_start.shows() && against_start.difference < 0) {
      verdict = fmt::format("This is the collapse: accuracy falls along with the loss, to below {}.", start);
    } else {
      verdict = fmt::format("Accuracy falls along with the loss, {} {}.",
                            against_start.shows() ? "but stays above" : "though not clearly below", start);
    }
    said.back().claim += ' ' + verdict;
    return said;
  }

  // At how many K DynamicPO is below or above vanilla.
  finding tally() const {
    std::size_t below = 0, above = 0, clearly_below = 0, clearly_above = 0;
    for (const std::size_t count : plan_->negatives) {
      const comparison against = compare(values(variant::dynamic, count), values(variant::vanilla, count));
      (against.difference < 0 ? below : above) += against.difference != 0;
      if (against.shows()) ++(against.difference < 0 ? clearly_below : clearly_above);
    }
    return {fmt::format("Of {} values of K, DynamicPO's mean is below vanilla's at {} and above it at {}.",
                        plan_->negatives.size(), below, above),
            fmt::format("p < .05 at {} of those below, at {} of those above", clearly_below, clearly_above)};
  }

  // No claim: what vanilla and DynamicPO have at both ends.
  finding side_by_side(std::string_view what, const figure& which, double evaluation_metrics::*supervised) const {
    std::string text{what};
    text += ": ";
    if (supervised != nullptr) {
      const auto before = results_->each_seed([&](const seed_result& seed) { return seed.supervised.*supervised; });
      text += fmt::format("SFT {}; ", number(summarise(before).mean));
    }
    text += fmt::format("vanilla {} at K = {} and {} at K = {}, DynamicPO {} and {}.",
                        number(mean(variant::vanilla, first(), which)), first(),
                        number(mean(variant::vanilla, last(), which)), last(),
                        number(mean(variant::dynamic, first(), which)), number(mean(variant::dynamic, last(), which)));
    return {text, {}};
  }

  const study_plan* plan_;
  const study_results* results_;
  const panel* panel_;
};

finding_group baseline_findings(const study_plan& plan, const study_results& results) {
  struct candidate {
    objective_kind objective;
    std::string title;
    std::vector<double> values;
    double mean;
  };
  std::vector<candidate> arms;
  for (const panel& shown : plan.panels) {
    const panel_reading read{plan, results, shown};
    for (const variant kind : variants) {
      for (const std::size_t count : plan.negatives) {
        arms.push_back({shown.objective,
                        fmt::format("{}, rate {}, K = {}", read.arm_title(kind), shown.learning_rate, count),
                        read.values(kind, count), read.mean(kind, count)});
      }
    }
  }
  const candidate& best = *std::ranges::max_element(arms, {}, &candidate::mean);
  finding_group group{"Baselines", {}};
  group.findings.push_back(
      {fmt::format("The highest mean of all {} arms is that of {}.", arms.size(), best.title), {}});
  group.findings.push_back(contrast("It", best.values, "SFT", results.each_seed([&](const seed_result& seed) {
    return seed.supervised.hit_ratio_of(best.objective);
  })));
  const std::pair<const char*, std::vector<double>> baselines[]{
      {"popularity", results.each_seed([](const seed_result& seed) { return seed.popularity; })},
      {"item-cosine", results.each_seed([](const seed_result& seed) { return seed.item_cosine; })}};
  for (const auto& [name, values] : baselines) {
    finding against = contrast("It", best.values, name, values);
    const double level = summarise(values).mean;
    const auto below = std::ranges::count_if(arms, [&](const candidate& arm) { return arm.mean < level; });
    if (below == std::ssize(arms)) {
      against.claim += fmt::format(" Every arm's mean is below {}'s: none of these models recommends as well.", name);
    } else if (below > 0) {
      against.claim += fmt::format(" The means of {} arms are below {}'s.", below, name);
    }
    group.findings.push_back(std::move(against));
  }
  return group;
}

const panel* find_panel(const study_plan& plan, objective_kind objective, bool aggressive) {
  const auto found = std::ranges::find_if(
      plan.panels, [&](const panel& shown) { return shown.objective == objective && shown.aggressive == aggressive; });
  return found == plan.panels.end() ? nullptr : &*found;
}

}  // namespace

std::vector<finding_group> findings(const study_plan& plan, const study_results& results) {
  std::vector<finding_group> groups;
  for (const panel& shown : plan.panels) groups.push_back(panel_reading{plan, results, shown}.all());

  if (const panel* sdpo = find_panel(plan, objective_kind::sdpo, false)) {
    const panel_reading control{plan, results, *sdpo};
    finding_group across{"Between objectives", {}};
    for (const panel& shown : plan.panels) {
      if (shown.objective == objective_kind::sdpo) continue;
      const panel_reading read{plan, results, shown};
      across.findings.push_back(contrast(
          fmt::format("At K = {}, DynamicPO {} at rate {}", read.last(), title(shown.objective), shown.learning_rate),
          read.values(variant::dynamic, read.last()), fmt::format("plain S-DPO at rate {}", sdpo->learning_rate),
          control.values(variant::vanilla, read.last())));
    }
    if (!across.findings.empty()) groups.push_back(std::move(across));
  }
  groups.push_back(baseline_findings(plan, results));
  return groups;
}

std::vector<finding_group> explanations(const study_plan& plan, const study_results& results) {
  // Of DynamicPO at the largest K, in the objective's first panel.
  const auto measured = [&](objective_kind objective, std::string_view what, const figure& which) -> std::string {
    const auto shown = std::ranges::find(plan.panels, objective, &panel::objective);
    if (shown == plan.panels.end()) return {};
    const panel_reading read{plan, results, *shown};
    return fmt::format("Here {}: {} (DynamicPO {} at rate {} and K = {}, last epoch)", what,
                       number(read.mean(variant::dynamic, read.last(), which)), title(objective), shown->learning_rate,
                       read.last());
  };
  std::vector<finding_group> groups;
  groups.push_back({"What dual-margin beta does to violators",
                    {{"Take a negative i that outscores the chosen item w by v = s_i - s_w >= 0, with easier negatives "
                      "left. Then d1 = -v, "
                      "and d2 = s_i - mean_D > v because the rest scores below s_w; so |d1| + |d2| = d2 - d1, and the "
                      "argument of tanh is "
                      "exactly -1 - gamma / (v + d2). Hence beta_i lies between (1 - alpha) beta and (1 - alpha tanh "
                      "1) beta, .5 to .62 of "
                      "beta for alpha = .5, whatever the data: all violators are scaled down alike, much as by a "
                      "smaller constant beta.",
                      measured(objective_kind::dmpo, "mean beta_i over the boundary",
                               [](const run_result& run) { return run.training.back().mean_beta; })}}});
  const std::string size = measured(objective_kind::mppo, "mean |B|",
                                    [](const run_result& run) { return run.training.back().selected_negatives; });
  if (!size.empty()) {
    groups.push_back({"What selection does to MPPO",
                      {{"MPPO adds its margins up, so their number sets how steep the loss is: over many negatives the "
                        "sum soon saturates on "
                        "rows that are right and leaves the gradient to those that are wrong. Selection shortens the "
                        "sum from K to |B| terms, "
                        "and so changes the steepness together with the negatives.",
                        size}}});
  }
  return groups;
}

std::vector<std::string> caveats(const study_plan& plan) {
  std::vector<std::string> notes{
      "A toy: a small language model over titles, trained in seconds. It shows how the losses behave, not what a "
      "large model would reach.",
      "Learning rates of the sweep were chosen on development rows alone (dynamicpo study --tune). The aggressive rate "
      "was set beforehand, because the collapse shows there. Every figure is of the last epoch.",
      "p values are of paired two-sided t tests over seeds, not corrected for their number. They rest on as many "
      "differences as there are seeds, and never show that there is none. The best K is picked on the figures it is "
      "compared on: in vanilla's favour, and towards a fall from there.",
      "Training loss depends on K by construction. Figures on evaluation rows use the same negatives for every K."};
  if (plan.source.is_synthetic()) {
    notes.push_back(
        "Each seed draws a catalogue, users and a model of its own. The generator makes negatives of the same genre "
        "hard; catalogues without such structure may behave otherwise.");
  } else {
    notes.push_back(
        "Seeds vary the model, the order of rows and the negatives, not the data: the tests do not speak for other "
        "users. Evaluation rows that share four consecutive items with a row to train on were left out.");
    notes.push_back(
        "This model emits legal continuations of titles alone, so that greedy generation always ends in a title.");
  }
  return notes;
}

}  // namespace collapse_study
