// SPDX-License-Identifier: MIT
#include "study/plan.hpp"

#include <fmt/format.h>

#include <numeric>
#include <stdexcept>
#include <utility>

#include "dynamicpo/version.hpp"
#include "study/tuned.hpp"

namespace collapse_study {

std::string panel::title() const {
  return fmt::format("{}, learning rate {} ({})", collapse_study::title(objective), learning_rate,
                     aggressive ? "aggressive" : "chosen on development rows");
}

std::string panel::id() const { return fmt::format("{}-{}", name(objective), learning_rate); }

std::vector<run> study_plan::runs() const {
  std::vector<run> all;
  for (const auto& shown : panels) {
    for (const auto kind : variants) {
      for (const std::size_t count : negatives) {
        for (const std::uint64_t seed : seeds) all.push_back({arm(shown, kind, count), seed});
      }
    }
  }
  return all;
}

json study_plan::header() const {
  json rates = json::array();
  for (const auto& shown : panels) rates.push_back({name(shown.objective), shown.learning_rate});
  return {{"study", "collapse"}, {"version", dynamicpo::version}, {"data", source.identity()},
          {"panels", rates},     {"negatives", negatives},        {"epochs", epochs},
          {"seeds", seeds}};
}

study_plan make_plan(data_source source, const plan_options& options) {
  if (options.seeds == 0 || options.objectives.empty()) {
    throw std::invalid_argument(
        fmt::format("collapse_study: expected at least one seed and one objective, found {} and {}", options.seeds,
                    options.objectives.size()));
  }
  study_plan plan{.source = std::move(source), .seeds = {}, .panels = {}, .negatives = {1, 3, 5, 10, 15, 19}};
  plan.seeds.resize(options.seeds);
  std::iota(plan.seeds.begin(), plan.seeds.end(), std::uint64_t{0});
  if (options.quick) plan.negatives = {1, 5, 15};
  for (const objective_kind objective : options.objectives) {
    const double chosen = sweep_rate(plan.source, objective);
    const bool both = objective == objective_kind::dmpo && chosen != aggressive_rate;
    if (both) plan.panels.push_back({objective, aggressive_rate, true});
    if (!(both && options.quick)) plan.panels.push_back({objective, chosen, false});
  }
  return plan;
}

}  // namespace collapse_study
