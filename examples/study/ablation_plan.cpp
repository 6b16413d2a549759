// SPDX-License-Identifier: MIT
#include "study/ablation_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "dynamicpo/version.hpp"

namespace collapse_study {
namespace {

constexpr auto vanilla = variant::vanilla, dynamic = variant::dynamic, selection_only = variant::selection_only;

setting dmpo(variant kind, const loss_settings& loss = {}) { return {objective_kind::dmpo, kind, loss}; }
setting sdpo(variant kind, const loss_settings& loss = {}) { return {objective_kind::sdpo, kind, loss}; }
setting mppo(variant kind, const loss_settings& loss = {}) { return {objective_kind::mppo, kind, loss}; }

ablation dual_margin_gamma() {
  return {"gamma",
          "Gamma of dual-margin beta (DynamicPO DMPO, alpha 0.5)",
          "How much the target margin matters.",
          {{"gamma 6, published", dmpo(dynamic)},
           {"gamma 0", dmpo(dynamic, {.gamma = 0})},
           {"gamma 2, first release", dmpo(dynamic, {.gamma = 2})},
           {"gamma 12", dmpo(dynamic, {.gamma = 12})}}};
}

ablation dual_margin_alpha() {
  return {"alpha",
          "Alpha of dual-margin beta (DynamicPO DMPO, gamma 6)",
          "How much the strength of dual-margin beta matters.",
          {{"alpha 0.5, published", dmpo(dynamic)},
           {"alpha 0: constant beta", dmpo(selection_only)},
           {"alpha 0.25", dmpo(dynamic, {.alpha = .25})},
           {"alpha 1", dmpo(dynamic, {.alpha = 1})}}};
}

ablation cluster_count() {
  ablation asked{"clusters",
                 "Clusters of the boundary selection (DynamicPO DMPO)",
                 "Of rows without a violator, which negatives make the boundary: more clusters, fewer negatives.",
                 {{"3 clusters, published", dmpo(dynamic)}}};
  for (const std::size_t clusters : {2u, 4u, 5u}) {
    asked.rows.push_back({fmt::format("{} clusters", clusters), dmpo(dynamic, {.clusters = clusters})});
  }
  return asked;
}

ablation gradient_norm() {
  const loss_settings unit{.step = toy_llm::step_rule::unit_gradient};
  return {"gradient-norm",
          "Learning rate per gradient norm (DMPO)",
          "Whether DynamicPO wins by pulling harder: each step's gradient as it is, and scaled to norm 1.",
          {{"vanilla", dmpo(vanilla)},
           {"DynamicPO", dmpo(dynamic)},
           {"selection only", dmpo(selection_only)},
           {"vanilla, gradient norm 1", dmpo(vanilla, unit), 3},
           {"DynamicPO, gradient norm 1", dmpo(dynamic, unit), 3},
           {"selection only, gradient norm 1", dmpo(selection_only, unit), 3}}};
}

ablation update_size() {
  ablation asked{"update-size",
                 "The same length of every step (DMPO, 3 epochs)",
                 "Whether DynamicPO wins by moving further: steps of AdamW's direction and of one length.",
                 {}};
  const loss_settings fixed{.step = toy_llm::step_rule::fixed_length};
  for (const double length : {.25, .5, 1.}) {
    const std::size_t base = asked.rows.size();
    for (const variant kind : {vanilla, dynamic, selection_only}) {
      setting one = dmpo(kind, fixed);
      one.length = length;
      asked.rows.push_back({fmt::format("{}, length {}", title(kind), length), one, base});
    }
  }
  return asked;
}

ablation selection_score_used() {
  const loss_settings ratio{.selects_by = toy_llm::selection_score::log_ratio};
  return {"selection-score",
          "Selection by policy score and by log-ratio",
          "Whether the boundary is better found where the loss has its margins. Beta sees policy scores in both.",
          {{"DynamicPO DMPO, policy score", dmpo(dynamic)},
           {"DynamicPO DMPO, log-ratio", dmpo(dynamic, ratio)},
           {"selection only DMPO, policy score", dmpo(selection_only), 2},
           {"selection only DMPO, log-ratio", dmpo(selection_only, ratio), 2},
           {"DynamicPO S-DPO, policy score", sdpo(dynamic), 4},
           {"DynamicPO S-DPO, log-ratio", sdpo(dynamic, ratio), 4}}};
}

ablation length_normalisation() {
  const loss_settings whole{.average_log_prob = false}, steep{.beta = 400, .average_log_prob = false};
  return {"length-normalisation",
          "MPPO with and without length normalisation",
          "Probabilities of a token on average, as published, and of whole titles, which are near 0: these with a beta "
          "that makes up for it, too. Ranked by what was trained on.",
          {{"vanilla, per token", mppo(vanilla)},
           {"vanilla, whole titles", mppo(vanilla, whole)},
           {"vanilla, whole titles, beta 400", mppo(vanilla, steep)},
           {"DynamicPO, per token", mppo(dynamic), 3},
           {"DynamicPO, whole titles", mppo(dynamic, whole), 3},
           {"DynamicPO, whole titles, beta 400", mppo(dynamic, steep), 3}}};
}

ablation aggregate_of_mppo() {
  return {"aggregate",
          "MPPO: sum and mean over the boundary",
          "Selection shortens MPPO's sum, and so makes its link less steep. A mean takes the number of negatives out; "
          "its beta sets the steepness.",
          {{"sum, constant beta 1", mppo(selection_only)},
           {"sum, constant beta 2", mppo(selection_only, {.beta = 2})},
           {"mean, constant beta 1", mppo(selection_only, {.mean_margin = true})},
           {"mean, constant beta 4", mppo(selection_only, {.beta = 4, .mean_margin = true})},
           {"mean, constant beta 8", mppo(selection_only, {.beta = 8, .mean_margin = true})},
           {"DynamicPO, sum", mppo(dynamic), 5},
           {"DynamicPO, mean, beta 8", mppo(dynamic, {.beta = 8, .mean_margin = true}), 5},
           {"vanilla, sum", mppo(vanilla), 7},
           {"vanilla, mean, beta 8", mppo(vanilla, {.beta = 8, .mean_margin = true}), 7}}};
}

ablation level_and_allocation() {
  // Dual-margin beta of base 1 has mean .7 here, over training and seeds.
  return {"beta",
          "Level and allocation of beta (DMPO over the boundary)",
          "Dual-margin beta makes beta smaller, and unequal: the one without the other. The column of beta shows how "
          "well the means match.",
          {{"dual-margin, base 1: published", dmpo(dynamic)},
           {"constant 0.7", dmpo(selection_only, {.beta = .7})},
           {"constant 1", dmpo(selection_only), 1},
           {"dual-margin, base 1.43", dmpo(dynamic, {.beta = 1.43}), 2},
           {"constant 0.3", dmpo(selection_only, {.beta = .3}), 1},
           {"dual-margin, base 0.43", dmpo(dynamic, {.beta = .43}), 4}}};
}

ablation preset() {
  const loss_settings low{.beta = .3};
  return {"preset",
          "An experimental preset: DMPO over the boundary, constant beta 0.3",
          "Against the published default, with vanilla DMPO and S-DPO at either beta beside it.",
          {{"DynamicPO DMPO, published", dmpo(dynamic)},
           {"boundary DMPO, constant beta 0.3", dmpo(selection_only, low)},
           {"boundary DMPO, constant beta 0.1", dmpo(selection_only, {.beta = .1})},
           {"vanilla DMPO", dmpo(vanilla)},
           {"vanilla DMPO, beta 0.3", dmpo(vanilla, low)},
           {"vanilla S-DPO", sdpo(vanilla)},
           {"vanilla S-DPO, beta 0.3", sdpo(vanilla, low)}}};
}

}  // namespace

std::vector<setting> ablation_plan::settings() const {
  std::vector<setting> all;
  for (const ablation& asked : ablations) {
    for (const ablation::row& row : asked.rows) {
      if (std::ranges::find(all, row.setting) == all.end()) all.push_back(row.setting);
    }
  }
  return all;
}

json ablation_plan::header() const {
  json names = json::array();
  for (const setting& one : settings()) {
    names.push_back(fmt::format("{}/{}{}{}", name(one.objective), name(one.variant), spelled(one.loss),
                                one.length ? fmt::format("/length={}", *one.length) : ""));
  }
  return {{"study", "ablations"},
          {"version", dynamicpo::version},
          {"data", source.identity()},
          {"settings", names},
          {"rates", rates},
          {"epochs", epochs},
          {"matched_epochs", matched_epochs},
          {"negatives", negatives},
          {"seeds", seeds}};
}

ablation_plan make_ablation_plan(data_source source, const ablation_options& options) {
  if (options.seeds == 0) throw std::invalid_argument("collapse_study: expected at least one seed, found 0");
  ablation_plan plan{.source = std::move(source),
                     .seeds = {},
                     .ablations = {dual_margin_gamma(), dual_margin_alpha(), cluster_count(), gradient_norm(),
                                   update_size(), selection_score_used(), length_normalisation(), aggregate_of_mppo(),
                                   level_and_allocation(), preset()},
                     .rates = {3e-3, 5e-3, 8e-3, 1.5e-2}};
  plan.seeds.resize(options.seeds);
  std::iota(plan.seeds.begin(), plan.seeds.end(), std::uint64_t{0});
  if (options.quick) {
    plan.rates = {8e-3};
    plan.epochs = plan.matched_epochs = 2;
    plan.negatives = 5;
  }
  return plan;
}

}  // namespace collapse_study
