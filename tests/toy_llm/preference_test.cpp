// SPDX-License-Identifier: MIT
#include "toy_llm/preference.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "toy_llm/boundary_of_clusters.hpp"
#include "toy_llm/model.hpp"
#include "toy_llm/score_memory.hpp"
#include "toy_llm/synthetic.hpp"
#include "unit/select/select_from.hpp"

using toy_llm::activations;
using toy_llm::language_model;
using toy_llm::objective_kind;
using toy_llm::preference_batch;
using toy_llm::preference_epoch;
using toy_llm::preference_options;
using toy_llm::selection_score;
using toy_llm::support;
using toy_llm::title_trie;
using toy_llm::variant;

namespace {

const auto all_objectives = {objective_kind::dmpo, objective_kind::sdpo, objective_kind::mppo};
const auto all_variants = {variant::vanilla, variant::dynamic, variant::selection_only, variant::beta_only};

toy_llm::dataset small_data() {
  return toy_llm::make_synthetic(
      {.genres = 4, .styles = 2, .train_rows = 100, .development_rows = 10, .evaluation_rows = 10, .seed = 4});
}

// A policy that has moved away from its reference.
template <class Model>
Model moved(const Model& reference) {
  Model policy = reference;
  dynamicpo::sample::philox_engine random{17};
  for (auto& p : policy.parameters()) {
    p *= typename Model::scalar(1.5);
    p += static_cast<typename Model::scalar>(0.1 * (random.uniform() - 0.5));
  }
  return policy;
}

template <class Model>
double loss_of(preference_batch<typename Model::scalar>& batch, Model& policy, Model& reference) {
  batch.set_policy(policy.log_prob(batch.items(), activations::keep));
  if (batch.reference_items().rows() > 0) {
    batch.set_reference(reference.log_prob(batch.reference_items(), activations::discard));
  }
  return batch.evaluate();
}

bool same(const preference_epoch& a, const preference_epoch& b) {
  return a.training_loss == b.training_loss && a.chosen_log_probability == b.chosen_log_probability &&
         a.win_rate == b.win_rate && a.pairwise_win_rate == b.pairwise_win_rate &&
         a.boundary_gradient_share == b.boundary_gradient_share &&
         a.same_genre_gradient_share == b.same_genre_gradient_share && a.saturated_share == b.saturated_share &&
         a.selected_negatives == b.selected_negatives && a.mean_beta == b.mean_beta && a.invalid_rows == b.invalid_rows;
}

}  // namespace

TEST_CASE("a step's parameter gradient is the derivative of the loss through the model") {
  const auto data = small_data();
  std::vector<std::size_t> rows(12);
  std::iota(rows.begin(), rows.end(), std::size_t{3});
  for (const support over : {support::vocabulary, support::catalogue}) {
    const title_trie titles{data.items, over};
    language_model<double> reference{data.items, titles, {.seed = 1}};
    for (const objective_kind objective : all_objectives) {
      for (const variant kind : all_variants) {
        auto policy = moved(reference);
        // Beta is a constant to the gradient, so it has to be one to the differences: alpha 0.
        const preference_options options{
            .objective = objective, .variant = kind, .negatives = 6, .beta = 0.7, .alpha = 0, .seed = 2};
        preference_batch<double> batch{data, rows, options, 0};
        loss_of(batch, policy, reference);
        policy.backward(batch.coefficients());
        constexpr double step = 1e-6;
        for (std::size_t i = 0; i < policy.parameters().size(); i += 1601) {
          double& p = policy.parameters()[i];
          const double middle = p;
          p = middle + step;
          const double above = loss_of(batch, policy, reference);
          p = middle - step;
          const double below = loss_of(batch, policy, reference);
          p = middle;
          REQUIRE(std::abs(policy.gradient()[i] - (above - below) / (2 * step)) <= 1e-8);
        }
      }
    }
  }
}

TEST_CASE("what is not selected has no gradient, and leaving out its reference score changes no bit") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 5}};
  for (const objective_kind objective : all_objectives) {
    for (const variant kind : all_variants) {
      auto policy = moved(reference), other = policy;
      preference_options options{.objective = objective, .variant = kind, .negatives = 9, .epochs = 1, .seed = 6};
      preference_batch<float> batch{data, std::vector<std::size_t>{0, 1, 2, 3}, options, 0};
      loss_of(batch, policy, reference);
      const auto with_gradient = std::ranges::count_if(batch.coefficients(), [](float c) { return c != 0; });
      const bool selects = kind == variant::dynamic || kind == variant::selection_only;
      REQUIRE((selects ? with_gradient < 40 : with_gradient == 40));
      const auto referenced = std::ssize(batch.reference_items().items);
      REQUIRE(referenced == (objective == objective_kind::mppo ? 0 : with_gradient));

      const auto skipped = toy_llm::train_preference(policy, reference, data, options);
      options.skip_unselected = false;
      const auto full = toy_llm::train_preference(other, reference, data, options);
      REQUIRE(std::ranges::equal(policy.parameters(), other.parameters()));
      REQUIRE(same(skipped[0], full[0]));
    }
  }
}

TEST_CASE("skipping what has no gradient gives the gradient of the full computation") {
  const auto data = small_data();
  std::vector<std::size_t> rows(64);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  for (const support over : {support::vocabulary, support::catalogue}) {
    const title_trie titles{data.items, over};
    language_model<float> reference{data.items, titles, {.seed = 14}};
    for (const objective_kind objective : all_objectives) {
      for (const variant kind : {variant::dynamic, variant::selection_only}) {
        preference_options options{.objective = objective, .variant = kind, .negatives = 15, .seed = 15};
        auto skipping = moved(reference), full = skipping;
        preference_batch<float> few{data, rows, options, 0};
        loss_of(few, skipping, reference);
        skipping.backward(few.coefficients());

        options.skip_unselected = false;
        preference_batch<float> all{data, rows, options, 0};
        loss_of(all, full, reference);
        std::vector<float> coefficients(all.coefficients().begin(), all.coefficients().end());
        const auto unselected = std::ranges::count(coefficients, 0.0f);
        REQUIRE(unselected > 64 * 5);
        // Not 0, so that nothing is left out of the backward pass, and too small to be seen in the gradient.
        std::ranges::replace(coefficients, 0.0f, 1e-35f);
        full.backward(coefficients);
        for (std::size_t i = 0; i < full.gradient().size(); ++i) {
          const float expected = full.gradient()[i];
          REQUIRE(std::abs(skipping.gradient()[i] - expected) <= 1e-6f * std::abs(expected) + 1e-30f);
        }
      }
    }
  }
}

TEST_CASE("reference scores that are remembered change no bit, and are worked out once") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 16}};
  toy_llm::score_memory memory{reference};
  for (const variant kind : all_variants) {
    const preference_options options{.variant = kind, .negatives = 6, .epochs = 2, .seed = 18};
    auto policy = reference, other = reference;
    toy_llm::remembered_model remembered{memory};
    const auto known = memory.size();
    const auto expected = toy_llm::train_preference(policy, reference, data, options);
    const auto epochs = toy_llm::train_preference(other, remembered, data, options);
    REQUIRE(std::ranges::equal(policy.parameters(), other.parameters()));
    for (std::size_t e = 0; e < epochs.size(); ++e) REQUIRE(same(epochs[e], expected[e]));
    // Vanilla training, the first variant, reads the scores of all that is drawn.
    REQUIRE((kind == variant::vanilla ? known == 0 && memory.size() > 100 * 7 : memory.size() == known));
  }
  REQUIRE(memory.size() <= 100 * 13);
}

TEST_CASE("training repeats to the last bit, moves the policy alone, and depends on the seed") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 7}};
  const std::vector<float> frozen(reference.parameters().begin(), reference.parameters().end());
  auto policy = reference, again = reference, other = reference;
  preference_options options{.variant = variant::dynamic, .negatives = 5, .epochs = 2, .batch_rows = 32, .seed = 8};
  const auto epochs = toy_llm::train_preference(policy, reference, data, options);
  const auto repeated = toy_llm::train_preference(again, reference, data, options);
  REQUIRE(epochs.size() == 2);
  REQUIRE(std::ranges::equal(policy.parameters(), again.parameters()));
  for (std::size_t e = 0; e < epochs.size(); ++e) REQUIRE(same(epochs[e], repeated[e]));
  REQUIRE(std::ranges::equal(reference.parameters(), frozen));
  REQUIRE(epochs[1].training_loss < epochs[0].training_loss);
  options.seed = 9;
  toy_llm::train_preference(other, reference, data, options);
  REQUIRE(!std::ranges::equal(policy.parameters(), other.parameters()));
}

TEST_CASE("an epoch's figures are those of its scores and gradient") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 10}};
  auto policy = moved(reference);
  for (const objective_kind objective : {objective_kind::dmpo, objective_kind::mppo}) {
    const preference_options options{
        .objective = objective, .negatives = 7, .epochs = 1, .batch_rows = 100, .seed = 11};
    const auto order = toy_llm::shuffled(data.train.size(), options.seed, 0);
    preference_batch<float> batch{data, order, options, 0};
    auto trained = policy;
    const double loss = loss_of(batch, trained, reference);
    const auto scores = policy.log_prob(batch.items());
    double chosen = 0, pair_wins = 0, row_wins = 0, gradient = 0, same_genre = 0, violators = 0;
    for (std::size_t row = 0; row < 100; ++row) {
      const auto at = [&](std::size_t column) {
        return static_cast<std::size_t>(batch.items().items[8 * row + column]);
      };
      const auto seen = [&](std::size_t column) {
        const double tokens = static_cast<double>(data.items.tokens[at(column)].size()) + 1;
        return double{scores[8 * row + column]} / (objective == objective_kind::mppo ? tokens : 1);
      };
      REQUIRE(batch.items().items[8 * row] == data.train[order[row]].chosen);
      chosen += double{scores[8 * row]} / 100;
      double wins = 0;
      for (std::size_t column = 1; column < 8; ++column) {
        const double tokens = static_cast<double>(data.items.tokens[at(column)].size()) + 1;
        const double pull =
            std::abs(double{batch.coefficients()[8 * row + column]}) * (objective == objective_kind::mppo ? tokens : 1);
        wins += seen(0) > seen(column);
        violators += seen(0) <= seen(column) ? pull : 0;
        gradient += pull;
        same_genre += data.items.genre[at(column)] == data.items.genre[at(0)] ? pull : 0;
      }
      pair_wins += wins / 700;
      row_wins += wins == 7 ? 0.01 : 0;
    }
    const auto epoch = toy_llm::train_preference(trained, reference, data, options)[0];
    REQUIRE(std::abs(epoch.training_loss - loss) <= 1e-12);
    REQUIRE(std::abs(epoch.chosen_log_probability - chosen) <= 1e-9);
    REQUIRE(std::abs(epoch.pairwise_win_rate - pair_wins) <= 1e-9);
    REQUIRE(std::abs(epoch.win_rate - row_wins) <= 1e-9);
    REQUIRE(std::abs(epoch.same_genre_gradient_share - same_genre / gradient) <= 1e-9);
    REQUIRE(epoch.boundary_gradient_share >= violators / gradient - 1e-6);
    REQUIRE(epoch.boundary_gradient_share < 1);
    REQUIRE(epoch.selected_negatives == 7);
    REQUIRE(epoch.mean_beta == 1);
    REQUIRE(epoch.invalid_rows == 0);
  }
}

TEST_CASE("without genres their share is unknown") {
  auto data = small_data();
  data.items.genre.clear();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 12}};
  auto policy = reference;
  const auto epochs = toy_llm::train_preference(policy, reference, data, {.variant = variant::dynamic, .epochs = 1});
  REQUIRE(std::isnan(epochs[0].same_genre_gradient_share));
  REQUIRE(epochs[0].boundary_gradient_share == 1);
}

TEST_CASE("a policy gone to NaN is counted, not thrown and not hidden") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 13}};
  auto policy = reference;
  std::ranges::fill(policy.parameters(), std::numeric_limits<float>::quiet_NaN());
  for (const variant kind : all_variants) {
    const auto epochs = toy_llm::train_preference(policy, reference, data, {.variant = kind, .epochs = 1});
    REQUIRE(epochs[0].invalid_rows == 100);
    REQUIRE(std::isnan(epochs[0].training_loss));
  }
}

TEST_CASE("a boundary of other clusters or of log-ratios is what the selection finds on those scores") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 20}};
  auto policy = moved(reference);
  std::vector<std::size_t> rows(40);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::size_t unlike_published = 0;
  for (const std::size_t clusters : {2u, 3u, 5u}) {
    for (const auto selects_by : {selection_score::policy, selection_score::log_ratio}) {
      const preference_options options{
          .variant = variant::dynamic, .negatives = 9, .clusters = clusters, .selects_by = selects_by, .seed = 21};
      preference_batch<float> batch{data, rows, options, 0},
          published{data, rows, {.variant = variant::dynamic, .negatives = 9, .seed = 21}, 0};
      loss_of(batch, policy, reference);
      loss_of(published, policy, reference);
      const auto scored = policy.log_prob(batch.items(), activations::discard);
      std::vector<float> scores(scored.begin(), scored.end());
      if (selects_by == selection_score::log_ratio) {
        const auto subtracted = reference.log_prob(batch.items(), activations::discard);
        for (std::size_t i = 0; i < scores.size(); ++i) scores[i] -= subtracted[i];
      }
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto first = scores.begin() + static_cast<std::ptrdiff_t>(10 * row);
        const auto expected =
            select_test::select_from<float>(toy_llm::boundary_of_clusters{clusters}, *first, {first + 1, first + 10});
        select_test::indices found;
        for (std::size_t i = 0; i < 9; ++i) {
          if (batch.coefficients()[10 * row + 1 + i] != 0) found.push_back(static_cast<int>(i));
        }
        REQUIRE(found == expected.selected);
      }
      unlike_published += !std::ranges::equal(batch.coefficients(), published.coefficients());
    }
  }
  REQUIRE(unlike_published == 5);
}

TEST_CASE("leaving out reference scores changes no bit with other clusters, either") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 22}};
  auto policy = moved(reference), other = policy;
  preference_options options{.variant = variant::selection_only, .negatives = 9, .epochs = 1, .clusters = 2};
  const auto skipped = toy_llm::train_preference(policy, reference, data, options);
  options.skip_unselected = false;
  const auto full = toy_llm::train_preference(other, reference, data, options);
  REQUIRE(std::ranges::equal(policy.parameters(), other.parameters()));
  REQUIRE(same(skipped[0], full[0]));
}

TEST_CASE("MPPO's mean over K negatives with beta K is its sum with beta 1") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<double> reference{data.items, titles, {.seed = 23}};
  auto policy = moved(reference);
  const std::vector<std::size_t> rows{0, 1, 2, 3, 4};
  preference_options options{.objective = objective_kind::mppo, .negatives = 8, .seed = 24};
  preference_batch<double> sum{data, rows, options, 0};
  const double summed = loss_of(sum, policy, reference);
  options.mean_margin = true;
  preference_batch<double> weak{data, rows, options, 0};
  REQUIRE(std::abs(loss_of(weak, policy, reference) - summed) > 1e-3);
  options.beta = 8;
  preference_batch<double> mean{data, rows, options, 0};
  REQUIRE(std::abs(loss_of(mean, policy, reference) - summed) <= 1e-12);
  for (std::size_t i = 0; i < mean.coefficients().size(); ++i) {
    REQUIRE(std::abs(mean.coefficients()[i] - sum.coefficients()[i]) <= 1e-12);
  }
}

TEST_CASE("measuring steps changes no bit, and their figures are finite") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {.seed = 25}};
  auto policy = reference, other = reference;
  preference_options options{.variant = variant::dynamic, .negatives = 5, .epochs = 2, .seed = 26};
  const auto plain = toy_llm::train_preference(policy, reference, data, options);
  options.measure_steps = true;
  const auto measured = toy_llm::train_preference(other, reference, data, options);
  REQUIRE(std::ranges::equal(policy.parameters(), other.parameters()));
  for (std::size_t e = 0; e < 2; ++e) {
    REQUIRE(same(plain[e], measured[e]));
    REQUIRE(std::isnan(plain[e].gradient_norm));
    REQUIRE(std::isnan(plain[e].update_norm));
    REQUIRE(measured[e].gradient_norm > 0);
    REQUIRE(measured[e].update_norm > 0);
  }
}

TEST_CASE("options that make no step are refused") {
  auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> reference{data.items, titles, {}};
  auto policy = reference;
  const auto train = [&](const preference_options& options) {
    return toy_llm::train_preference(policy, reference, data, options);
  };
  REQUIRE_THROWS_AS(train({.negatives = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(train({.negatives = data.items.size()}), std::invalid_argument);
  REQUIRE_THROWS_AS(train({.batch_rows = 0}), std::invalid_argument);
  REQUIRE_THROWS_WITH(train({.clusters = 0}), "toy_llm::preference_batch: expected at least one cluster, found 0");
  REQUIRE_THROWS_WITH(
      train({.objective = objective_kind::mppo, .selects_by = selection_score::log_ratio}),
      "toy_llm::preference_batch: expected an objective with a reference to select by log-ratio, found MPPO");
  data.train.clear();
  REQUIRE_THROWS_AS(train({}), std::invalid_argument);
}
