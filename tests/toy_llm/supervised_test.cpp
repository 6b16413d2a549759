// SPDX-License-Identifier: MIT
#include "toy_llm/supervised.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "toy_llm/score_backend.hpp"
#include "toy_llm/shuffle.hpp"
#include "toy_llm/synthetic.hpp"

using toy_llm::language_model;
using toy_llm::supervised_options;
using toy_llm::support;
using toy_llm::title_trie;

namespace {

toy_llm::dataset small_data() {
  return toy_llm::make_synthetic(
      {.genres = 4, .styles = 2, .train_rows = 60, .development_rows = 20, .evaluation_rows = 10, .seed = 3});
}

}  // namespace

TEST_CASE("supervised fine-tuning learns, keeps its best epoch, and repeats to the last bit") {
  const auto data = small_data();
  for (const support over : {support::vocabulary, support::catalogue}) {
    const title_trie titles{data.items, over};
    language_model<float> model{data.items, titles, {.seed = 1}};
    auto again = model;
    const double before = toy_llm::chosen_loss(model, data.development);
    const supervised_options options{.epochs = 12, .seed = 5};
    const auto result = toy_llm::train_supervised(model, data, options);
    REQUIRE(result.epochs.size() == 12);
    const auto& best = result.epochs[result.best_epoch];
    for (const auto& epoch : result.epochs) REQUIRE(epoch.development_loss >= best.development_loss);
    REQUIRE(toy_llm::chosen_loss(model, data.development) == best.development_loss);
    REQUIRE(best.development_loss < before - 0.3);
    REQUIRE(result.epochs.back().training_loss < result.epochs.front().training_loss);

    toy_llm::train_supervised(again, data, options);
    REQUIRE(std::ranges::equal(model.parameters(), again.parameters()));
  }
}

TEST_CASE("an epoch that makes things worse is not kept") {
  const auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> model{data.items, titles, {.seed = 1}};
  const auto result =
      toy_llm::train_supervised(model, data, {.optimiser = {.learning_rate = 0.05}, .epochs = 30, .seed = 5});
  REQUIRE(result.best_epoch + 1 < result.epochs.size());
  REQUIRE(toy_llm::chosen_loss(model, data.development) == result.epochs[result.best_epoch].development_loss);
}

TEST_CASE("one epoch of one batch is one AdamW step on the mean loss") {
  auto data = small_data();
  data.supervised.resize(50);
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> model{data.items, titles, {.seed = 2}};
  auto by_hand = model;
  toy_llm::score_batch batch;
  for (const std::size_t i : toy_llm::shuffled(50, 9, 0)) {
    batch.add_row(data.supervised[i].history);
    batch.add(data.supervised[i].next);
  }
  double loss = 0;
  for (const float score : by_hand.log_prob(batch)) loss -= double{score} / 50;
  by_hand.backward(std::vector<float>(50, -1.0f / 50));
  toy_llm::adamw<float> optimiser{by_hand.parameters().size(), {.learning_rate = 3e-3, .weight_decay = 0.01}};
  optimiser.step(by_hand.parameters(), by_hand.gradient());
  const auto result = toy_llm::train_supervised(model, data, {.epochs = 1, .seed = 9});
  REQUIRE(std::abs(result.epochs[0].training_loss - loss) <= 1e-12);
  REQUIRE(std::ranges::equal(model.parameters(), by_hand.parameters()));
}

TEST_CASE("an order is a permutation of its own for each seed and epoch") {
  auto order = toy_llm::shuffled(100, 1, 2);
  REQUIRE(order == toy_llm::shuffled(100, 1, 2));
  REQUIRE(order != toy_llm::shuffled(100, 1, 3));
  REQUIRE(order != toy_llm::shuffled(100, 2, 2));
  std::ranges::sort(order);
  for (std::size_t i = 0; i < order.size(); ++i) REQUIRE(order[i] == i);
  REQUIRE(toy_llm::shuffled(0, 1, 2).empty());
}

TEST_CASE("nothing to learn from is refused") {
  auto data = small_data();
  const title_trie titles{data.items, support::vocabulary};
  language_model<float> model{data.items, titles, {}};
  REQUIRE_THROWS_AS(toy_llm::train_supervised(model, data, {.epochs = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(toy_llm::train_supervised(model, data, {.batch_rows = 0}), std::invalid_argument);
  data.development.clear();
  REQUIRE_THROWS_AS(toy_llm::train_supervised(model, data, {}), std::invalid_argument);
}
