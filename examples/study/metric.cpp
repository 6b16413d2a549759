// SPDX-License-Identifier: MIT
#include "study/metric.hpp"

namespace collapse_study {

const metric& hit_ratio() {
  static const metric one{
      .id = "hit-ratio",
      .title = "HR@1 by likelihood",
      .meaning =
          "Share of evaluation rows whose chosen item has the highest log-probability of its candidates; for MPPO, "
          "trained on averages, the highest log-probability per token.",
      .figure = [](const run_result& result) { return result.evaluation.hit_ratio_of(result.run.arm.objective); },
      .supervised = [](const seed_result& seed,
                       objective_kind objective) { return seed.supervised.hit_ratio_of(objective); },
      .popularity = true};
  return one;
}

std::vector<metric> metrics(bool genres_known) {
  std::vector<metric> all{hit_ratio()};
  all.push_back(
      {.id = "generated-title",
       .title = "Valid titles in greedy generation",
       .meaning = "Share of evaluation rows for which the most probable token at each step spells a title of the "
                  "catalogue.",
       .figure = [](const run_result& result) { return result.evaluation.generated_title; },
       .supervised = [](const seed_result& seed, objective_kind) { return seed.supervised.generated_title; }});
  all.push_back(
      {.id = "generated-hit-ratio",
       .title = "HR@1 of greedy generation",
       .meaning = "Share of evaluation rows for which that text is the chosen item's title. The candidates are not "
                  "shown to the model: it picks from the whole catalogue.",
       .figure = [](const run_result& result) { return result.evaluation.generated_hit_ratio; },
       .supervised = [](const seed_result& seed, objective_kind) { return seed.supervised.generated_hit_ratio; }});
  all.push_back({.id = "training-loss",
                 .title = "Training loss",
                 .meaning =
                     "Mean over the last epoch. Not comparable between objectives, nor between all negatives and a "
                     "selection of them; S-DPO's grows with the number of negatives by construction.",
                 .figure = [](const run_result& result) { return result.training.back().training_loss; },
                 .supervised = {},
                 .shared_axis = false});
  if (genres_known) {
    all.push_back(
        {.id = "gradient-share",
         .title = "Gradient on the true boundary",
         .meaning = "Share of the gradient that falls on negatives of the chosen item's genre, the ones that are hard "
                    "by construction; last epoch.",
         .figure = [](const run_result& result) { return result.training.back().same_genre_gradient_share; },
         .supervised = {}});
  } else {
    all.push_back({.id = "gradient-share",
                   .title = "Gradient on the boundary set",
                   .meaning =
                       "Share of the gradient that falls on the boundary set, last epoch: 1 by construction where only "
                       "the boundary is trained on. The true boundary of real data is not known.",
                   .figure = [](const run_result& result) { return result.training.back().boundary_gradient_share; },
                   .supervised = {}});
  }
  all.push_back(
      {.id = "chosen-likelihood",
       .title = "Likelihood of the chosen item",
       .meaning = "Mean log-probability of the chosen title on evaluation rows, in nats.",
       .figure = [](const run_result& result) { return result.evaluation.chosen_log_probability; },
       .supervised = [](const seed_result& seed, objective_kind) { return seed.supervised.chosen_log_probability; }});
  all.push_back({.id = "win-rate",
                 .title = "Win rate",
                 .meaning = "Share of an evaluation row's negatives that the chosen item outscores: the row's own "
                            "ones, whatever K was trained with.",
                 .figure = [](const run_result& result) { return result.evaluation.win_rate; },
                 .supervised = [](const seed_result& seed, objective_kind) { return seed.supervised.win_rate; }});
  return all;
}

}  // namespace collapse_study
