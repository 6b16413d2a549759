// SPDX-License-Identifier: MIT
#include "toy_llm/model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "small_catalogue.hpp"
#include "support/catch.hpp"
#include "toy_llm/score_backend.hpp"

using toy_llm::activations;
using toy_llm::embedding_width;
using toy_llm::end_token;
using toy_llm::hidden_width;
using toy_llm::item_id;
using toy_llm::item_representation;
using toy_llm::language_model;
using toy_llm::score_batch;
using toy_llm::support;
using toy_llm::title_trie;
using toy_llm::token_id;

static_assert(toy_llm::score_backend<language_model<float>>);
static_assert(toy_llm::score_backend<language_model<double>>);

namespace {

// The model's definition, written out: parameters in their documented order, one sequence at a time.
class plain_model {
 public:
  plain_model(const toy_llm::catalogue& items, const title_trie& titles, item_representation history,
              std::span<const double> parameters)
      : items_{items}, titles_{titles}, representation_{history} {
    const std::size_t vocabulary = items.vocabulary.size();
    const std::size_t columns = history == item_representation::title ? vocabulary : items.tokens.size();
    using sized_part = std::pair<std::vector<double>*, std::size_t>;
    for (const auto& [part, size] :
         {sized_part{&token_, embedding * vocabulary}, sized_part{&history_, embedding * columns},
          sized_part{&context_weight_, hidden * embedding}, sized_part{&context_bias_, hidden},
          sized_part{&prefix_weight_, hidden * 3 * embedding}, sized_part{&output_weight_, hidden * vocabulary},
          sized_part{&output_bias_, vocabulary}}) {
      part->assign(parameters.begin(), parameters.begin() + static_cast<std::ptrdiff_t>(size));
      parameters = parameters.subspan(size);
    }
    REQUIRE(parameters.empty());
  }

  double log_prob(std::span<const item_id> history, item_id item) const {
    std::vector<token_id> prefix{0, 0, 0};
    auto title = items_.tokens[static_cast<std::size_t>(item)];
    title.push_back(end_token);
    toy_llm::node_id node = title_trie::root;
    double sum = 0;
    for (const token_id token : title) {
      std::vector<token_id> support(titles_.legal(node).begin(), titles_.legal(node).end());
      for (token_id v = 0; titles_.over() == support::vocabulary && v < vocabulary(); ++v) support.push_back(v);
      sum += log_softmax(logits(history, prefix), support, token);
      prefix.push_back(token);
      node = titles_.child(node, token);
    }
    return sum;
  }

 private:
  static constexpr std::size_t embedding = embedding_width, hidden = hidden_width;

  token_id vocabulary() const { return static_cast<token_id>(items_.vocabulary.size()); }

  static double log_softmax(const std::vector<double>& logits, const std::vector<token_id>& support, token_id token) {
    double sum = 0;
    for (const token_id v : support) sum += std::exp(logits[static_cast<std::size_t>(v)]);
    return logits[static_cast<std::size_t>(token)] - std::log(sum);
  }

  std::vector<double> logits(std::span<const item_id> history, const std::vector<token_id>& prefix) const {
    std::vector<double> mean(embedding), state = context_bias_, out = output_bias_;
    for (const item_id item : history) {
      const auto& tokens = items_.tokens[static_cast<std::size_t>(item)];
      for (std::size_t d = 0; d < embedding; ++d) {
        double r = 0;
        if (representation_ == item_representation::embedding) {
          r = history_[embedding * static_cast<std::size_t>(item) + d];
        } else {
          for (const token_id token : tokens) r += history_[embedding * static_cast<std::size_t>(token) + d];
          if (!tokens.empty()) r /= static_cast<double>(tokens.size());
        }
        mean[d] += r / static_cast<double>(history.size());
      }
    }
    for (std::size_t i = 0; i < hidden; ++i) {
      for (std::size_t d = 0; d < embedding; ++d) {
        state[i] += context_weight_[hidden * d + i] * mean[d];
        for (std::size_t back = 0; back < 3; ++back) {
          const auto token = static_cast<std::size_t>(prefix[prefix.size() - 1 - back]);
          state[i] += prefix_weight_[hidden * (embedding * back + d) + i] * token_[embedding * token + d];
        }
      }
      state[i] = std::tanh(state[i]);
    }
    for (std::size_t v = 0; v < out.size(); ++v) {
      for (std::size_t i = 0; i < hidden; ++i) out[v] += output_weight_[hidden * v + i] * state[i];
    }
    return out;
  }

  const toy_llm::catalogue& items_;
  const title_trie& titles_;
  item_representation representation_;
  std::vector<double> token_, history_, context_weight_, context_bias_, prefix_weight_, output_weight_, output_bias_;
};

// Every title for three histories, one of them empty, one item twice.
score_batch whole_catalogue(const toy_llm::catalogue& items) {
  static const std::vector<std::vector<item_id>> histories{{0, 3, 7}, {}, {8, 5, 1, 2}};
  score_batch batch;
  for (const auto& history : histories) {
    batch.add_row(history);
    for (item_id item = 0; item < std::ssize(items.tokens); ++item) batch.add(item);
    batch.add(2);
  }
  return batch;
}

// Coefficients of both signs, a third of them 0.
std::vector<double> some_coefficients(std::size_t count, std::uint64_t seed) {
  dynamicpo::sample::philox_engine random{seed};
  std::vector<double> coefficients(count);
  for (double& c : coefficients) c = random.below(3) == 0 ? 0 : 2 * random.uniform() - 1;
  return coefficients;
}

double weighted_sum(std::span<const double> scores, std::span<const double> coefficients) {
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) sum += coefficients[i] * scores[i];
  return sum;
}

const auto both_supports = {support::vocabulary, support::catalogue};
const auto both_representations = {item_representation::title, item_representation::embedding};

}  // namespace

TEST_CASE("log_prob is the definition's, with shared prefixes, equal titles and empty ones") {
  const auto items = test_support::small_catalogue();
  const auto batch = whole_catalogue(items);
  for (const support over : both_supports) {
    for (const item_representation history : both_representations) {
      const title_trie titles{items, over};
      language_model<double> model{items, titles, {.history = history, .seed = 5}};
      for (double& p : model.parameters()) p *= 3;
      const plain_model plain{items, titles, history, model.parameters()};
      const auto scores = model.log_prob(batch);
      REQUIRE(scores.size() == batch.items.size());
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        for (auto i = static_cast<std::size_t>(batch.offsets[row]);
             i < static_cast<std::size_t>(batch.offsets[row + 1]); ++i) {
          const double expected = plain.log_prob(batch.histories[row], batch.items[i]);
          REQUIRE(std::abs(scores[i] - expected) <= 1e-12 * (1 + std::abs(expected)));
        }
      }
    }
  }
}

TEST_CASE("backward is the derivative of the weighted sum of log-probabilities") {
  const auto items = test_support::small_catalogue();
  const auto batch = whole_catalogue(items);
  const auto coefficients = some_coefficients(batch.items.size(), 1);
  for (const support over : both_supports) {
    for (const item_representation history : both_representations) {
      const title_trie titles{items, over};
      language_model<double> model{items, titles, {.history = history, .seed = 6}};
      model.log_prob(batch);
      model.backward(coefficients);
      constexpr double step = 1e-5;
      for (std::size_t i = 0; i < model.parameters().size(); i += 7) {
        double& p = model.parameters()[i];
        const double middle = p;
        p = middle + step;
        const double above = weighted_sum(model.log_prob(batch, activations::discard), coefficients);
        p = middle - step;
        const double below = weighted_sum(model.log_prob(batch, activations::discard), coefficients);
        p = middle;
        REQUIRE(std::abs(model.gradient()[i] - (above - below) / (2 * step)) <= 1e-8);
      }
    }
  }
}

TEST_CASE("a sequence of coefficient 0 is as good as absent, and backward adds to the gradient") {
  const auto items = test_support::small_catalogue();
  const auto batch = whole_catalogue(items);
  const auto coefficients = some_coefficients(batch.items.size(), 2);
  score_batch rest;
  std::vector<double> rest_coefficients;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    rest.add_row(batch.histories[row]);
    for (auto i = static_cast<std::size_t>(batch.offsets[row]); i < static_cast<std::size_t>(batch.offsets[row + 1]);
         ++i) {
      if (coefficients[i] == 0) continue;
      rest.add(batch.items[i]);
      rest_coefficients.push_back(coefficients[i]);
    }
  }
  for (const support over : both_supports) {
    const title_trie titles{items, over};
    language_model<double> model{items, titles, {.seed = 7}};
    auto other = model;
    other.log_prob(rest);
    other.backward(rest_coefficients);
    model.log_prob(batch);
    model.backward(coefficients);
    model.backward(coefficients);
    for (std::size_t i = 0; i < model.gradient().size(); ++i) {
      REQUIRE(std::abs(model.gradient()[i] - 2 * other.gradient()[i]) <= 1e-12);
    }
    const std::vector<double> before(model.gradient().begin(), model.gradient().end());
    model.backward(std::vector<double>(batch.items.size()));
    REQUIRE(std::ranges::equal(before, model.gradient()));
  }
}

TEST_CASE("a score does not depend on the batch, to the last bit") {
  const auto items = test_support::random_catalogue(300, 4);
  const auto rows = test_support::random_rows(70, items.tokens.size(), 4, 12, 9);
  for (const support over : both_supports) {
    const title_trie titles{items, over};
    language_model<float> model{items, titles, {.seed = 8}};
    auto other = model;
    score_batch batch;
    for (const auto& row : rows) {
      batch.add_row(row.history);
      batch.add(row.chosen);
      for (const item_id item : row.negatives) batch.add(item);
    }
    const auto together = model.log_prob(batch);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (auto i = static_cast<std::size_t>(batch.offsets[row]); i < static_cast<std::size_t>(batch.offsets[row + 1]);
           i += 5) {
        score_batch single;
        single.add_row(batch.histories[row]);
        single.add(batch.items[i]);
        REQUIRE(other.log_prob(single, activations::discard)[0] == together[i]);
        REQUIRE(together[i] <= 0);
      }
    }
  }
}

TEST_CASE("the catalogue's support gives its distinct titles probabilities that sum to 1, the vocabulary's less") {
  const auto items = test_support::random_catalogue(150, 5);
  const std::vector<item_id> history{1, 2, 3};
  for (const support over : both_supports) {
    const title_trie titles{items, over};
    language_model<double> model{items, titles, {.seed = 9}};
    score_batch batch;
    batch.add_row(history);
    for (item_id item = 0; item < std::ssize(items.tokens); ++item) {
      const auto& title = items.tokens[static_cast<std::size_t>(item)];
      if (std::ranges::find(items.tokens, title) - items.tokens.begin() == item) batch.add(item);
    }
    double sum = 0;
    for (const double score : model.log_prob(batch)) sum += std::exp(score);
    if (over == support::catalogue) {
      REQUIRE(std::abs(sum - 1) <= 1e-12);
    } else {
      REQUIRE(sum > 0);
      REQUIRE(sum < 0.5);
    }
  }
}

TEST_CASE("scoring prefix by prefix gives the scores of whole titles") {
  const auto items = test_support::random_catalogue(100, 6);
  const auto batch = whole_catalogue(items);
  for (const support over : both_supports) {
    const title_trie titles{items, over};
    language_model<float> model{items, titles, {.seed = 10}};
    auto other = model;
    const auto scores = model.log_prob(batch);
    toy_llm::prefix_walk walk{titles, batch};
    std::vector<float> total;
    other.begin(batch.histories);
    while (walk.advance()) other.extend(walk.steps(), total);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      REQUIRE(walk.latest_choice()[i] >= 0);
      REQUIRE(total[static_cast<std::size_t>(walk.latest_choice()[i])] == scores[i]);
    }
  }
}

TEST_CASE("parameters: their number, and their initial spread") {
  const auto synthetic = test_support::catalogue_of({{2}}, 310);
  const title_trie titles{synthetic, support::vocabulary};
  language_model<float> model{synthetic, titles, {.seed = 1}};
  REQUIRE(model.parameters().size() == 41222);
  REQUIRE(model.gradient().size() == 41222);
  double sum = 0, squares = 0;
  constexpr std::size_t embeddings = std::size_t{2} * embedding_width * 310;
  for (const float p : model.parameters().first(embeddings)) {
    sum += double{p};
    squares += double{p} * double{p};
  }
  REQUIRE(std::abs(sum / embeddings) <= 0.005);
  REQUIRE(std::abs(std::sqrt(squares / embeddings) - 0.1) <= 0.002);
  const auto weights = model.parameters().subspan(embeddings);
  const auto [least, most] = std::ranges::minmax(weights);
  REQUIRE(std::abs(double{most} - 1 / std::sqrt(32.0)) <= 0.001);
  REQUIRE(std::abs(double{least} + 1 / std::sqrt(32.0)) <= 0.001);

  const auto real = test_support::catalogue_of(std::vector<std::vector<token_id>>(4607, {2}), 400);
  const title_trie real_titles{real, support::catalogue};
  language_model<float> larger{real, real_titles, {.history = item_representation::embedding}};
  REQUIRE(larger.parameters().size() == 186016);
}

TEST_CASE("misuse of the model is refused") {
  const auto items = test_support::small_catalogue();
  const title_trie titles{items, support::vocabulary};
  language_model<float> model{items, titles, {}};
  const auto batch = whole_catalogue(items);
  const std::vector<float> coefficients(batch.items.size(), 1.0f);
  REQUIRE_THROWS_AS(model.backward(coefficients), std::logic_error);
  model.log_prob(batch);
  REQUIRE_THROWS_AS(model.backward(std::span{coefficients}.first(3)), std::invalid_argument);
  model.log_prob(batch, activations::discard);
  REQUIRE_THROWS_AS(model.backward(coefficients), std::logic_error);
  const auto other = test_support::random_catalogue(5, 1);
  REQUIRE_THROWS_AS((language_model<float>{other, titles, {}}), std::invalid_argument);
}
