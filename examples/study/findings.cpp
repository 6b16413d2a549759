// SPDX-License-Identifier: MIT
#include "study/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

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
  const std::string difference = fmt::format("difference {}{}", compared.difference < 0 ? "" : "+", number(compared.difference));
  if (compared.count < 2) return difference + "; one seed, no test";
  return fmt::format("{}, pooled s.e. {}; paired t = {:.1f}, {}", difference, number(compared.pooled_error), compared.t,
                     p_value(compared.p));
}

std::string contrast(std::string_view a, std::span<const double> values_a, std::string_view b,
                     std::span<const double> values_b) {
  const comparison compared = compare(values_a, values_b);
  const std::string one = fmt::format("{} ({})", a, number(summarise(values_a).mean));
  const std::string other = fmt::format("{} ({})", b, number(summarise(values_b).mean));
  if (compared.shows()) {
    return fmt::format("{} is {} {}: {}.", one, compared.difference > 0 ? "above" : "below", other, evidence(compared));
  }
  if (compared.count < 2) return fmt::format("{} against {}: {}.", one, other, evidence(compared));
  return fmt::format("{} and {} do not differ beyond noise: {}.", one, other, evidence(compared));
}

namespace {

using figure = std::function<double(const run_result&)>;

// Figures of one panel, and the sentences that every objective shares.
class panel_reading {
 public:
  panel_reading(const study_plan& plan, const study_results& results, const panel& of)
      : plan_{&plan}, results_{&results}, panel_{&of} {}

  const panel& of() const { return *panel_; }
  std::size_t first() const { return plan_->negatives.front(); }
  std::size_t last() const { return plan_->negatives.back(); }

  std::vector<double> values(variant kind, std::size_t count, const figure& which = hit_ratio().figure) const {
    return results_->each_seed(plan_->arm(*panel_, kind, count), which);
  }
  double mean(variant kind, std::size_t count, const figure& which = hit_ratio().figure) const {
    return summarise(values(kind, count, which)).mean;
  }
  std::string arm_title(variant kind) const {
    return fmt::format("{} {}", title(kind), title(panel_->objective));
  }
  std::size_t best_count(variant kind) const {
    return *std::ranges::max_element(plan_->negatives, {}, [&](std::size_t count) { return mean(kind, count); });
  }
  comparison change(variant kind, const figure& which = hit_ratio().figure) const {
    return compare(values(kind, last(), which), values(kind, first(), which));
  }

  // "<what> falls from .50 at K = 1 to .47 at K = 19 (...)"
  std::string trend(const std::string& what, variant kind, const figure& which = hit_ratio().figure) const {
    const comparison moved = change(kind, which);
    const char* verb = moved.count < 2     ? "goes"
                       : !moved.shows()    ? "does not change beyond noise,"
                       : moved.difference < 0 ? "falls"
                                              : "rises";
    return fmt::format("{} {} from {} at K = {} to {} at K = {} ({})", what, verb, number(mean(kind, first(), which)),
                       first(), number(mean(kind, last(), which)), last(), evidence(moved));
  }

 private:
  const study_plan* plan_;
  const study_results* results_;
  const panel* panel_;
};

double last_loss(const run_result& result) { return result.training.back().training_loss; }

std::string collapse_sentence(const panel_reading& read) {
  const comparison hits = read.change(variant::vanilla), loss = read.change(variant::vanilla, last_loss);
  if (hits.count < 2) return "One seed cannot tell whether that is a collapse.";
  if (!hits.shows() || hits.difference > 0) return "That is no collapse.";
  if (loss.shows() && loss.difference < 0) return "That is the collapse: accuracy falls while the loss falls.";
  return "Accuracy falls, though not along with a falling loss.";
}

finding_group panel_findings(const panel_reading& read) {
  finding_group group{.heading = read.of().title(), .sentences = {}};
  const auto say = [&](std::string sentence) { group.sentences.push_back(std::move(sentence)); };
  const std::string at_last = fmt::format("At K = {} ", read.last());
  const auto hits = [&](variant kind) { return read.values(kind, read.last()); };

  say(read.trend(read.arm_title(variant::vanilla), variant::vanilla) + "; " +
      read.trend("its training loss", variant::vanilla, last_loss) + ". " + collapse_sentence(read));
  say(read.trend(read.arm_title(variant::dynamic), variant::dynamic) + ".");
  const std::size_t best = read.best_count(variant::vanilla);
  say(at_last + contrast(read.arm_title(variant::dynamic), hits(variant::dynamic),
                         fmt::format("vanilla at its best K, {}", best), read.values(variant::vanilla, best)));
  if (best != read.last()) {
    say(at_last + contrast("DynamicPO", hits(variant::dynamic), "vanilla", hits(variant::vanilla)));
  }
  say(at_last + contrast("selection only", hits(variant::selection_only), "DynamicPO", hits(variant::dynamic)));
  const comparison gain = compare(hits(variant::dynamic), hits(variant::vanilla));
  if (gain.shows() && gain.difference > 0) {
    const comparison selection = compare(hits(variant::selection_only), hits(variant::vanilla));
    say(fmt::format("Of DynamicPO's gain over vanilla there, {}, selection alone brings {} ({:.0f} %).",
                    number(gain.difference), number(selection.difference),
                    100 * selection.difference / gain.difference));
  }
  say(at_last + contrast("beta only, over all negatives,", hits(variant::beta_only), "vanilla", hits(variant::vanilla)));
  return group;
}

// At how many K the variant is below or above vanilla.
std::string tally(const study_plan& plan, const panel_reading& read) {
  std::size_t below = 0, above = 0, clearly_below = 0, clearly_above = 0;
  for (const std::size_t count : plan.negatives) {
    const comparison against = compare(read.values(variant::dynamic, count), read.values(variant::vanilla, count));
    (against.difference < 0 ? below : above) += against.difference != 0;
    if (against.shows()) ++(against.difference < 0 ? clearly_below : clearly_above);
  }
  return fmt::format("Over {} values of K, DynamicPO is below vanilla {} at {} (p < .05 at {}) and above it at {} (p < .05 at {}).",
                     plan.negatives.size(), title(read.of().objective), below, clearly_below, above, clearly_above);
}

std::string generation_sentence(const study_results& results, const panel_reading& read) {
  const auto valid = [](const run_result& result) { return result.evaluation.generated_title; };
  const auto likelihood = [](const run_result& result) { return result.evaluation.chosen_log_probability; };
  const auto supervised = [&](auto member) {
    return number(summarise(results.each_seed([&](const seed_result& seed) { return seed.supervised.*member; })).mean);
  };
  const auto at = [&](const figure& which) {
    return fmt::format("vanilla {} at K = {} and {} at K = {}, DynamicPO {} and {}",
                       number(read.mean(variant::vanilla, read.first(), which)), read.first(),
                       number(read.mean(variant::vanilla, read.last(), which)), read.last(),
                       number(read.mean(variant::dynamic, read.first(), which)),
                       number(read.mean(variant::dynamic, read.last(), which)));
  };
  return fmt::format("{}: share of valid titles, SFT {}, {}; log-probability of the chosen item, SFT {}, {}.",
                     read.of().title(), supervised(&evaluation_metrics::generated_title), at(valid),
                     supervised(&evaluation_metrics::chosen_log_probability), at(likelihood));
}

std::string baseline_sentences(const study_plan& plan, const study_results& results) {
  struct candidate {
    std::string title;
    std::vector<double> values;
    double mean;
  };
  std::vector<candidate> arms;
  for (const panel& shown : plan.panels) {
    const panel_reading read{plan, results, shown};
    for (const variant kind : variants) {
      for (const std::size_t count : plan.negatives) {
        arms.push_back({fmt::format("{} at rate {} and K = {}", read.arm_title(kind), shown.learning_rate, count),
                        read.values(kind, count), read.mean(kind, count)});
      }
    }
  }
  const auto popularity = results.each_seed([](const seed_result& seed) { return seed.popularity; });
  const auto item_cosine = results.each_seed([](const seed_result& seed) { return seed.item_cosine; });
  const auto supervised = results.each_seed([](const seed_result& seed) { return seed.supervised.hit_ratio; });
  const candidate& best = *std::ranges::max_element(arms, {}, &candidate::mean);
  std::string text = fmt::format("The highest mean of all {} arms: ", arms.size()) +
                     contrast(best.title, best.values, "SFT", supervised) + " " +
                     contrast("It", best.values, "popularity", popularity) + " " +
                     contrast("It", best.values, "item-cosine", item_cosine);
  for (const auto& [name, values] : {std::pair{"popularity", popularity}, std::pair{"item-cosine", item_cosine}}) {
    const double level = summarise(values).mean;
    const auto below = std::ranges::count_if(arms, [&](const candidate& arm) { return arm.mean < level; });
    if (below == std::ssize(arms)) {
      text += fmt::format(" Every arm is below the {} baseline ({}): none of these models recommends as well as it does.", name,
                          number(level));
    } else if (below > 0) {
      text += fmt::format(" {} arms are below the {} baseline ({}).", below, name, number(level));
    }
  }
  return text;
}

const panel* find_panel(const study_plan& plan, objective_kind objective, bool aggressive) {
  const auto found = std::ranges::find_if(plan.panels, [&](const panel& shown) {
    return shown.objective == objective && shown.aggressive == aggressive;
  });
  return found == plan.panels.end() ? nullptr : &*found;
}

}  // namespace

std::vector<finding_group> findings(const study_plan& plan, const study_results& results) {
  std::vector<finding_group> groups;
  for (const panel& shown : plan.panels) {
    const panel_reading read{plan, results, shown};
    groups.push_back(panel_findings(read));
    if (shown.objective == objective_kind::mppo) groups.back().sentences.push_back(tally(plan, read));
  }

  finding_group across{"Between objectives", {}};
  if (const panel* sdpo = find_panel(plan, objective_kind::sdpo, false)) {
    const panel_reading control{plan, results, *sdpo};
    const auto plain = control.values(variant::vanilla, control.last());
    for (const panel& shown : plan.panels) {
      if (shown.objective == objective_kind::sdpo) continue;
      const panel_reading read{plan, results, shown};
      across.sentences.push_back(fmt::format("At K = {} ", read.last()) +
                                 contrast(fmt::format("DynamicPO {} at rate {}", title(shown.objective), shown.learning_rate),
                                          read.values(variant::dynamic, read.last()),
                                          fmt::format("plain S-DPO at rate {}", sdpo->learning_rate), plain));
    }
  }
  if (!across.sentences.empty()) groups.push_back(std::move(across));

  finding_group generation{"Generation and likelihood", {}};
  for (const panel& shown : plan.panels) {
    generation.sentences.push_back(generation_sentence(results, {plan, results, shown}));
  }
  if (!plan.source.is_synthetic()) {
    generation.sentences.push_back("The model of real data emits legal continuations alone, so every title is valid.");
  }
  groups.push_back(std::move(generation));

  if (plan.source.is_synthetic()) {
    const auto share = [](const run_result& result) { return result.training.back().same_genre_gradient_share; };
    finding_group gradient{"Gradient on the true boundary", {}};
    for (const panel& shown : plan.panels) {
      const panel_reading read{plan, results, shown};
      gradient.sentences.push_back(read.trend(fmt::format("{}: vanilla's share on negatives of the chosen item's genre", shown.title()),
                                              variant::vanilla, share) +
                                   "; " + read.trend("DynamicPO's", variant::dynamic, share) + ".");
    }
    groups.push_back(std::move(gradient));
  }
  groups.push_back({"Baselines", {baseline_sentences(plan, results)}});
  return groups;
}

std::vector<finding_group> explanations(const study_plan& plan, const study_results& results) {
  const auto figures_of = [&](objective_kind objective, const figure& which) -> std::string {
    for (const panel& shown : plan.panels) {
      if (shown.objective != objective) continue;
      const panel_reading read{plan, results, shown};
      return fmt::format("{} at rate {} and K = {}", number(read.mean(variant::dynamic, read.last(), which)),
                         shown.learning_rate, read.last());
    }
    return {};
  };
  std::vector<finding_group> groups;
  const std::string beta = figures_of(objective_kind::dmpo, [](const run_result& run) { return run.training.back().mean_beta; });
  groups.push_back(
      {"Why dual-margin beta adds little",
       {"Take a negative i that outscores the chosen item w by v = s_i - s_w >= 0 while easier negatives are left. Then "
        "d1 = -v, and d2 = s_i - mean_D > v because the rest scores below s_w; so |d1| + |d2| = d2 - d1, and the argument of "
        "tanh is exactly -1 - gamma / (v + d2). Hence beta_i lies between (1 - alpha) beta and (1 - alpha tanh 1) beta, .5 to "
        ".62 of beta for alpha = .5, whatever the data: all violators are scaled down alike, which is close to choosing a "
        "smaller beta." +
        (beta.empty() ? "" : fmt::format(" The mean beta_i of DynamicPO DMPO over its boundary was {}.", beta))}});
  const std::string size =
      figures_of(objective_kind::mppo, [](const run_result& run) { return run.training.back().selected_negatives; });
  if (!size.empty()) {
    groups.push_back(
        {"Why selection means something else for MPPO",
         {fmt::format("MPPO adds its margins up, so their number sets how steep the loss is: over many negatives the sum soon "
                      "saturates on rows that are right and leaves the gradient to those that are wrong. Selection shortens the "
                      "sum from K to |B| terms, and so changes the steepness together with the negatives. The mean |B| was {}.",
                      size)}});
  }
  return groups;
}

std::vector<std::string> caveats(const study_plan& plan) {
  std::vector<std::string> notes{
      "A toy: a small language model over titles, trained in seconds. It shows how the losses behave, not what a large model "
      "would reach.",
      "Learning rates of the sweep were chosen on development rows alone (dynamicpo study --tune); the aggressive rate was set "
      "beforehand, because the collapse shows there. Every figure is of the last epoch; nothing was stopped early.",
      "p values are of paired two-sided t tests over seeds, not corrected for their number. With few seeds they are coarse: "
      "standard errors come from as many figures as there are seeds.",
      "Win rates and losses depend on K mechanically wherever the K drawn negatives enter; charts of evaluation figures use the "
      "same negatives for every K."};
  if (plan.source.is_synthetic()) {
    notes.push_back("Each seed draws a catalogue, users and a model of its own. The generator makes negatives of the same genre "
                    "hard; catalogues without such structure may behave otherwise.");
  } else {
    notes.push_back("Seeds vary the model, the order of rows and the negatives, not the data: the tests do not speak for other "
                    "users. Evaluation rows that share four consecutive items with a training row were left out.");
  }
  return notes;
}

}  // namespace collapse_study
