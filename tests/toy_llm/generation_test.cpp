// SPDX-License-Identifier: MIT
#include "toy_llm/generation.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "small_catalogue.hpp"
#include "support/catch.hpp"

using toy_llm::begin_token;
using toy_llm::end_token;
using toy_llm::item_id;
using toy_llm::language_model;
using toy_llm::node_id;
using toy_llm::support;
using toy_llm::title_trie;
using toy_llm::token_id;

namespace {

// What the model emits for the first history begun, from the log-probability of every token at every step.
node_id plain_greedy(language_model<float>& model, std::size_t vocabulary) {
  const title_trie& titles = model.titles();
  std::vector<token_id> emitted;
  node_id node = title_trie::root;
  while (emitted.size() < 20 && (emitted.empty() || emitted.back() != end_token)) {
    toy_llm::token_context context{begin_token, begin_token, begin_token};
    for (std::size_t back = 0; back < std::min(emitted.size(), context.size()); ++back) {
      context[back] = emitted[emitted.size() - 1 - back];
    }
    std::vector<token_id> legal(vocabulary);
    std::iota(legal.begin(), legal.end(), 0);
    if (titles.over() == support::catalogue) legal.assign(titles.children(node).begin(), titles.children(node).end());
    toy_llm::step_batch step;
    step.positions.push_back(
        {0, context, titles.over() == support::catalogue ? titles.children(node) : std::span<const token_id>{}});
    for (std::size_t slot = 0; slot < legal.size(); ++slot) {
      step.slot.push_back(static_cast<std::int32_t>(slot));
      step.parent.push_back(-1);
    }
    step.first_choice.push_back(static_cast<std::int32_t>(legal.size()));
    std::vector<float> log_prob;
    model.extend(step, log_prob);
    const token_id token = legal[static_cast<std::size_t>(std::ranges::max_element(log_prob) - log_prob.begin())];
    emitted.push_back(token);
    if (node != title_trie::none) node = titles.child(node, token);
  }
  return emitted.back() == end_token ? node : title_trie::none;
}

}  // namespace

TEST_CASE("greedy decoding takes the most probable token at each step") {
  const auto items = test_support::random_catalogue(300, 21);
  const auto rows = test_support::random_rows(40, items.tokens.size(), 3, 1, 22);
  std::vector<std::span<const item_id>> histories;
  for (const auto& row : rows) histories.push_back(row.history);
  for (const support over : {support::vocabulary, support::catalogue}) {
    const title_trie titles{items, over};
    language_model<float> model{items, titles, {.seed = 23}};
    for (float& p : model.parameters()) p *= 4;
    const auto generated = toy_llm::greedy_titles(model, histories);
    std::size_t found = 0;
    for (std::size_t i = 0; i < histories.size(); ++i) {
      model.begin(std::span{histories}.subspan(i, 1));
      REQUIRE(generated[i] == plain_greedy(model, items.vocabulary.size()));
      found += generated[i] != title_trie::none;
    }
    REQUIRE(found > 0);
    REQUIRE((over == support::vocabulary || found == histories.size()));
  }
}

TEST_CASE("a generated title is valid when exactly one candidate has it") {
  const auto items = test_support::small_catalogue();
  const title_trie titles{items, support::vocabulary};
  language_model<float> model{items, titles, {}};
  const auto output_bias = model.parameters().last(items.vocabulary.size());
  const auto always = [&](token_id token) {
    std::ranges::fill(model.parameters(), 0.0f);
    output_bias[static_cast<std::size_t>(token)] = 1.0f;
  };
  // Only end_token: the empty title, item 5.
  always(end_token);
  const std::vector<toy_llm::ranking_row> rows{{{0}, 5, {1, 2}}, {{0}, 1, {5, 2}}, {{0}, 1, {2, 3}}, {{0}, 5, {5, 2}}};
  const auto metrics = toy_llm::generate(model, rows);
  REQUIRE(metrics.rows == 4);
  REQUIRE(metrics.in_catalogue == 1.0);
  REQUIRE(metrics.valid == 0.5);
  REQUIRE(metrics.hit_ratio == 0.25);
  // One token for ever: no title.
  always(7);
  REQUIRE(toy_llm::generate(model, rows).in_catalogue == 0.0);
  REQUIRE(toy_llm::generate(model, {}).valid == 0.0);
}

TEST_CASE("a model gone to NaN generates no title") {
  const auto items = test_support::small_catalogue();
  const std::vector<toy_llm::ranking_row> rows{{{0}, 5, {1, 2}}};
  for (const support over : {support::vocabulary, support::catalogue}) {
    const title_trie titles{items, over};
    language_model<float> model{items, titles, {}};
    std::ranges::fill(model.parameters(), std::numeric_limits<float>::quiet_NaN());
    REQUIRE(toy_llm::generate(model, rows).in_catalogue == 0.0);
  }
}
