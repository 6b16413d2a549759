// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/fused_head.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dynamicpo/adapt/eigen_product.hpp"
#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/lm/sequence_log_prob.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;
using test_support::between;

namespace {

constexpr po::adapt::eigen_product product{};

template <class T>
struct model {
  po::index sequences = 5, tokens = 37, vocabulary = 2100, width = 9;
  std::vector<T> hidden, weights;
  std::vector<std::int32_t> label;
  std::vector<std::uint8_t> mask;

  model() {
    po::sample::philox_engine random{11};
    for (po::index i = 0; i < sequences * tokens * width; ++i) {
      hidden.push_back(static_cast<T>(between(random, -1, 1)));
    }
    for (po::index i = 0; i < vocabulary * width; ++i) { weights.push_back(static_cast<T>(between(random, -1, 1))); }
    for (po::index i = 0; i < sequences * tokens; ++i) {
      label.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(vocabulary))));
      mask.push_back(random.below(4) == 0 ? 0 : 1);
    }
  }
  lm::language_head<T> head() const { return {hidden.data(), weights.data(), sequences, tokens, vocabulary, width}; }
  lm::token_labels labels() const { return {label, mask}; }
  std::vector<T> logits() const {
    std::vector<T> made(static_cast<std::size_t>(sequences * tokens * vocabulary));
    product(sequences * tokens, vocabulary, width, lm::operand<T>{hidden.data(), width},
            lm::operand<T>{weights.data(), width, true}, made.data(), vocabulary, false);
    return made;
  }
};

struct answer {
  std::vector<double> log_prob = std::vector<double>(5), entropy = std::vector<double>(5);
  std::vector<std::int32_t> count = std::vector<std::int32_t>(5), argmax = std::vector<std::int32_t>(5 * 37);
  lm::sequence_outputs out() { return {log_prob, count, entropy, argmax}; }
};

template <class T>
double distance(const std::vector<T>& a, const std::vector<T>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(apart <= most)) { most = apart; }
  }
  return most;
}

}  // namespace

TEMPLATE_TEST_CASE("fused_log_prob is sequence_log_prob of the logits it never holds", "[threads]", float, double) {
  const model<TestType> of;
  const auto logits = of.logits();
  answer expected, found, many;
  lm::sequence_log_prob(po::exec::seq, lm::view_logits(std::span<const TestType>(logits), 5, 37, 2100), of.labels(),
                        expected.out());
  lm::fused_log_prob(po::exec::seq, product, of.head(), of.labels(), found.out());
  lm::fused_log_prob(po::exec::threads{3}, product, of.head(), of.labels(), many.out());
  const double tolerance = sizeof(TestType) == 8 ? 1e-11 : 2e-4;
  REQUIRE(distance(found.log_prob, expected.log_prob) <= tolerance);
  REQUIRE(distance(found.entropy, expected.entropy) <= tolerance);
  REQUIRE((found.count == expected.count && found.argmax == expected.argmax));
  REQUIRE((many.log_prob == found.log_prob && many.entropy == found.entropy));
}

TEMPLATE_TEST_CASE("fused_log_prob_backward is the chain rule through the logits", "[threads]", float, double) {
  const model<TestType> of;
  const std::vector<double> coefficient{0.5, 0, -1, 0, 2};
  auto logits = of.logits();
  const auto place = lm::view_logits(std::span<TestType>(logits), 5, 37, 2100);
  lm::sequence_log_prob_backward(po::exec::seq, place, of.labels(), coefficient, place);
  std::vector<TestType> hidden(of.hidden.size()), weights(of.weights.size());
  product(185, 9, 2100, lm::operand<TestType>{logits.data(), 2100}, lm::operand<TestType>{of.weights.data(), 9},
          hidden.data(), 9, false);
  product(2100, 9, 185, lm::operand<TestType>{logits.data(), 2100, true}, lm::operand<TestType>{of.hidden.data(), 9},
          weights.data(), 9, false);

  std::vector<TestType> by_hidden(hidden.size(), 7), by_weights(weights.size(), 7);
  lm::fused_log_prob_backward(po::exec::seq, product, of.head(), of.labels(), coefficient, by_hidden.data(),
                              by_weights.data());
  const double tolerance = sizeof(TestType) == 8 ? 1e-12 : 2e-4;
  REQUIRE(distance(by_hidden, hidden) <= tolerance);
  REQUIRE(distance(by_weights, weights) <= tolerance);

  std::vector<TestType> twice = by_weights, alone(hidden.size(), 3);
  lm::fused_log_prob_backward(po::exec::threads{3}, product, of.head(), of.labels(), coefficient,
                              static_cast<TestType*>(nullptr), twice.data(), true);
  for (std::size_t i = 0; i < twice.size(); ++i) {
    REQUIRE(std::abs(static_cast<double>(twice[i]) - 2 * static_cast<double>(by_weights[i])) <= tolerance);
  }
  lm::fused_log_prob_backward(po::exec::threads{3}, product, of.head(), of.labels(), coefficient, alone.data(),
                              static_cast<TestType*>(nullptr));
  REQUIRE(alone == by_hidden);
}

TEMPLATE_TEST_CASE("fused_log_prob hands its log-sums to the backward pass, which then gives the same bits", "", float,
                   double) {
  const model<TestType> of;
  const auto logits = of.logits();
  answer whole, fused;
  std::vector<double> expected(185), found(185, 5.0);
  auto out = whole.out();
  out.log_sum = expected;
  lm::sequence_log_prob(po::exec::seq, lm::view_logits(std::span<const TestType>(logits), 5, 37, 2100), of.labels(),
                        out);
  out = fused.out();
  out.log_sum = found;
  lm::fused_log_prob(po::exec::seq, product, of.head(), of.labels(), out);
  REQUIRE(distance(found, expected) <= (sizeof(TestType) == 8 ? 1e-13 : 2e-6));
  for (std::size_t place = 0; place < 185; ++place) {
    REQUIRE((found[place] == 0) == !of.labels().counts(static_cast<po::index>(place)));
  }
  const std::vector<double> coefficient{0.5, 0, -1, 0, 2};
  const auto backward = [&](std::span<const double> given) {
    std::vector<TestType> hidden(of.hidden.size()), weights(of.weights.size());
    lm::fused_log_prob_backward(po::exec::seq, product, of.head(), of.labels(), coefficient, hidden.data(),
                                weights.data(), false, given);
    return std::pair(hidden, weights);
  };
  REQUIRE(backward(found) == backward({}));
  std::vector<double> other = found;  // it is what is given that counts
  for (double& each : other) { each += 1; }
  REQUIRE(backward(other) != backward({}));
  REQUIRE_THROWS_WITH(backward(std::span<const double>(found).first(184)),
                      "dynamicpo::lm::fused_log_prob_backward: log_sum has 184 entries, expected 185");
}

TEMPLATE_TEST_CASE("fused_log_prob: a sequence longer than two tiles of places, and many of one place", "[threads]",
                   float, double) {
  for (const bool one_long : {true, false}) {
    model<TestType> of;
    of.sequences = one_long ? 1 : 185;  // the same places, cut otherwise
    of.tokens = one_long ? 185 : 1;
    const auto logits = of.logits();
    const auto n = static_cast<std::size_t>(of.sequences);
    std::vector<double> expected(n), found(n), many(n);
    std::vector<std::int32_t> expected_count(n), count(n);
    lm::sequence_log_prob(po::exec::seq,
                          lm::view_logits(std::span<const TestType>(logits), of.sequences, of.tokens, 2100),
                          of.labels(), {.log_prob = expected, .count = expected_count});
    lm::fused_log_prob(po::exec::seq, product, of.head(), of.labels(), {.log_prob = found, .count = count});
    lm::fused_log_prob(po::exec::threads{3}, product, of.head(), of.labels(), {.log_prob = many});
    REQUIRE(distance(found, expected) <= (sizeof(TestType) == 8 ? 1e-11 : 2e-3));
    REQUIRE(count == expected_count);
    REQUIRE(many == found);
  }
}

TEST_CASE("fused_log_prob_backward does not read what has no coefficient") {
  model<double> of;
  const std::vector<double> coefficient{1, 0, 1, 1, 1};
  for (std::size_t i = 37 * 9; i < 2 * 37 * 9; ++i) { of.hidden[i] = test_support::nan_of<double>; }
  std::vector<double> hidden(of.hidden.size()), weights(of.weights.size());
  lm::fused_log_prob_backward(po::exec::seq, product, of.head(), of.labels(), coefficient, hidden.data(),
                              weights.data());
  for (const double each : hidden) { REQUIRE(std::isfinite(each)); }
  for (const double each : weights) { REQUIRE(std::isfinite(each)); }
}

TEST_CASE("fused_log_prob refuses what does not fit") {
  const model<double> of;
  answer found;
  found.log_prob.resize(4);
  REQUIRE_THROWS_AS(lm::fused_log_prob(po::exec::seq, product, of.head(), of.labels(), found.out()),
                    std::invalid_argument);
  const std::vector<double> few(4);
  std::vector<double> hidden(of.hidden.size());
  REQUIRE_THROWS_AS(lm::fused_log_prob_backward(po::exec::seq, product, of.head(), of.labels(), few, hidden.data(),
                                                static_cast<double*>(nullptr)),
                    std::invalid_argument);
}

TEST_CASE("fused_log_prob_backward refuses gradients in the memory of its inputs") {
  model<double> of;
  const std::vector<double> coefficient(5, 1.0);
  std::vector<double> apart(of.weights.size());
  const auto call = [&](double* hidden, double* weights) {
    lm::fused_log_prob_backward(po::exec::seq, product, of.head(), of.labels(), coefficient, hidden, weights);
  };
  REQUIRE_THROWS_AS(call(of.hidden.data(), nullptr), std::invalid_argument);
  REQUIRE_THROWS_AS(call(nullptr, of.weights.data() + 5), std::invalid_argument);
  REQUIRE_THROWS_AS(call(apart.data(), apart.data()), std::invalid_argument);
  REQUIRE_NOTHROW(call(nullptr, apart.data()));
}
