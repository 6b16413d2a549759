// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <functional>

#include "study/plan.hpp"
#include "study/results.hpp"

namespace study_test {

namespace cs = collapse_study;

/// Results with the HR@1 that `hit_ratio` says, and plausible figures otherwise: no training.
inline cs::study_results made_up_results(const cs::study_plan& plan,
                                         const std::function<double(const cs::run&)>& hit_ratio) {
  cs::study_results results;
  for (const std::uint64_t seed : plan.seeds) {
    const double shift = .004 * static_cast<double>(seed);
    results.seeds.push_back({.seed = seed,
                             .popularity = .0733 + shift / 4,
                             .item_cosine = .7147 + shift / 4,
                             .supervised = {.hit_ratio = .5032 + shift,
                                            .hit_ratio_average = .4538 + shift,
                                            .win_rate = .8593 + shift,
                                            .chosen_log_probability = -6.1 - shift,
                                            .generated_title = .9055,
                                            .generated_candidate = .07,
                                            .generated_hit_ratio = .0362,
                                            .invalid_rows = 0},
                             .checksum = seed});
  }
  for (const cs::run& which : plan.runs()) {
    const double k = static_cast<double>(which.arm.negatives), hits = hit_ratio(which);
    const bool selects = which.arm.variant == cs::variant::dynamic || which.arm.variant == cs::variant::selection_only;
    results.runs.push_back({.run = which,
                            .training = {{.training_loss = selects ? .2 + .01 * k : .25 / k,
                                          .chosen_log_probability = -8,
                                          .win_rate = .5,
                                          .pairwise_win_rate = .9,
                                          .boundary_gradient_share = selects ? 1 : 1 / std::sqrt(k),
                                          .same_genre_gradient_share = selects ? .2 + .015 * k : .2 / std::sqrt(k),
                                          .saturated_share = 0,
                                          .selected_negatives = selects ? std::sqrt(k) : k,
                                          .mean_beta = .75,
                                          .invalid_rows = 0}},
                            .evaluation = {.hit_ratio = hits,
                                           .hit_ratio_average = hits - .01,
                                           .win_rate = .8 + hits / 5,
                                           .chosen_log_probability = selects ? -9 : -10 - k / 5,
                                           .generated_title = selects ? .5 : .5 / std::sqrt(k),
                                           .generated_candidate = .05,
                                           .generated_hit_ratio = selects ? .02 : .02 / k,
                                           .invalid_rows = 0}});
  }
  return results;
}

/// As the study turned out in small: vanilla DMPO falls at the aggressive rate, selection makes it rise.
inline double usual_hit_ratio(const cs::run& which) {
  const double k = static_cast<double>(which.arm.negatives), seed = static_cast<double>(which.seed);
  const bool selects = which.arm.variant == cs::variant::dynamic || which.arm.variant == cs::variant::selection_only;
  const bool rises = selects || which.arm.objective != cs::objective_kind::dmpo;
  const double slope = rises ? .016 : which.arm.learning_rate > .01 ? -.012 : -.002;
  // What a seed adds to all arms, and what it adds to one.
  const double shared = .012 * std::sin(3 * seed);
  const double own = .001 * std::sin(7 * seed + k + static_cast<double>(which.arm.variant));
  return .504 + slope * std::log(k) + shared + own;
}

}  // namespace study_test
