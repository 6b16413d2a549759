// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/sequence_log_prob.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;
using test_support::between;

namespace {

template <class T>
struct text {
  po::index sequences, tokens, vocabulary;
  std::vector<T> logits;
  std::vector<std::int32_t> label;
  std::vector<std::uint8_t> mask;

  text(po::index n, po::index t, po::index v, double spread, std::uint64_t seed = 1)
      : sequences(n), tokens(t), vocabulary(v) {
    po::sample::philox_engine random{seed};
    for (po::index i = 0; i < n * t * v; ++i) {
      logits.push_back(static_cast<T>(static_cast<float>(between(random, -spread, spread))));
    }
    for (po::index i = 0; i < n * t; ++i) {
      label.push_back(random.below(6) == 0 ? -100
                                           : static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(v))));
      mask.push_back(random.below(5) == 0 ? 0 : 1);
    }
  }
  auto view() const { return lm::view_logits(std::span<const T>(logits), sequences, tokens, vocabulary); }
  lm::token_labels labels() const { return {label, mask}; }
};

/// By the definition, in long double.
struct plain_answer {
  std::vector<double> log_prob, entropy;
  std::vector<std::int32_t> count, argmax;
};
template <class T>
plain_answer by_definition(const text<T>& of) {
  plain_answer found;
  for (po::index n = 0; n < of.sequences; ++n) {
    long double log_prob = 0, entropy = 0;
    std::int32_t count = 0;
    for (po::index t = 0; t < of.tokens; ++t) {
      const po::index place = n * of.tokens + t;
      found.argmax.push_back(-1);
      if (!of.labels().counts(place)) { continue; }
      const T* const x = of.logits.data() + place * of.vocabulary;
      const auto value = [&](po::index v) { return static_cast<long double>(static_cast<double>(x[v])); };
      po::index best = 0;
      for (po::index v = 1; v < of.vocabulary; ++v) { best = value(best) < value(v) ? v : best; }
      long double sum = 0;
      for (po::index v = 0; v < of.vocabulary; ++v) { sum += std::exp(value(v) - value(best)); }
      const long double normaliser = value(best) + std::log(sum);
      for (po::index v = 0; v < of.vocabulary; ++v) {
        const long double p = std::exp(value(v) - normaliser);
        entropy -= p > 0 ? p * (value(v) - normaliser) : 0;
      }
      log_prob += value(of.label[static_cast<std::size_t>(place)]) - normaliser;
      found.argmax.back() = static_cast<std::int32_t>(best);
      ++count;
    }
    found.log_prob.push_back(static_cast<double>(log_prob));
    found.entropy.push_back(static_cast<double>(entropy));
    found.count.push_back(count);
  }
  return found;
}

template <class T, class Exec = po::exec::sequential>
plain_answer ask(const text<T>& of, const Exec& exec = {}) {
  const auto n = static_cast<std::size_t>(of.sequences);
  plain_answer found{std::vector<double>(n), std::vector<double>(n), std::vector<std::int32_t>(n),
                     std::vector<std::int32_t>(static_cast<std::size_t>(of.sequences * of.tokens))};
  lm::sequence_log_prob(
      exec, of.view(), of.labels(),
      {.log_prob = found.log_prob, .count = found.count, .entropy = found.entropy, .argmax = found.argmax});
  return found;
}

}  // namespace

TEMPLATE_TEST_CASE("sequence_log_prob is the sum of log softmax, whatever the vocabulary", "", float, double,
                   Eigen::bfloat16, Eigen::half) {
  const double tolerance = sizeof(TestType) == 8 ? 1e-13 : 2e-6;
  for (const po::index vocabulary : {1, 7, 16, 100, 1024, 1025, 5000}) {
    for (const double spread : {1.0, 30.0, 400.0}) {
      const text<TestType> of(5, 4, vocabulary, spread, static_cast<std::uint64_t>(vocabulary));
      const auto expected = by_definition(of);
      const auto found = ask(of);
      CAPTURE(vocabulary, spread);
      REQUIRE(found.count == expected.count);
      REQUIRE(found.argmax == expected.argmax);
      for (std::size_t n = 0; n < 5; ++n) {
        REQUIRE(std::abs(found.log_prob[n] - expected.log_prob[n]) <= tolerance * (1 + std::abs(expected.log_prob[n])));
        REQUIRE(std::abs(found.entropy[n] - expected.entropy[n]) <= 4 * tolerance * (1 + expected.entropy[n]));
      }
    }
  }
}

TEMPLATE_TEST_CASE("sequence_log_prob_backward is the gradient, by differences", "", float, double) {
  const text<double> of(4, 3, 1030, 3.0, 9);
  const std::vector<double> coefficient{0.7, 0, -2, 1};
  const text<TestType> same = [&] {
    text<TestType> made(4, 3, 1030, 3.0, 9);
    return made;
  }();
  std::vector<TestType> gradient(of.logits.size(), TestType(9));
  const auto to = lm::view_logits(std::span<TestType>(gradient), 4, 3, 1030);
  lm::sequence_log_prob_backward(po::exec::seq, same.view(), same.labels(), coefficient, to);
  const auto total = [&](const text<double>& at) {
    const auto found = by_definition(at);
    double sum = 0;
    for (std::size_t n = 0; n < 4; ++n) { sum += coefficient[n] * found.log_prob[n]; }
    return sum;
  };
  po::sample::philox_engine random{4};
  for (int i = 0; i < 60; ++i) {
    std::size_t at = random.below(static_cast<std::uint32_t>(gradient.size()));
    if (i < 12 && of.labels().counts(i)) {
      at = static_cast<std::size_t>(i * 1030 + of.label[static_cast<std::size_t>(i)]);
    }
    text<double> up = of, down = of;
    up.logits[at] += 1e-5;
    down.logits[at] -= 1e-5;
    const double expected = (total(up) - total(down)) / 2e-5;
    REQUIRE(std::abs(static_cast<double>(gradient[at]) - expected) <= 2e-8 + 1e-6 * std::abs(expected));
  }
  for (std::size_t place = 0; place < 12; ++place) {
    double sum = 0;
    bool zero = true;
    for (std::size_t v = 0; v < 1030; ++v) {
      sum += static_cast<double>(gradient[place * 1030 + v]);
      zero = zero && gradient[place * 1030 + v] == 0;
    }
    REQUIRE(std::abs(sum) <= 1e-5);
    REQUIRE(zero == (place / 3 == 1 || !of.labels().counts(static_cast<po::index>(place))));
  }
}

TEST_CASE("sequence_log_prob_backward in place, and added up") {
  text<float> of(3, 2, 50, 4.0);
  const std::vector<double> coefficient{1, 0, -0.5};
  std::vector<float> apart(of.logits.size()), sum(of.logits.size(), 2.0f);
  const auto shape = [](std::vector<float>& memory) { return lm::view_logits(std::span<float>(memory), 3, 2, 50); };
  lm::sequence_log_prob_backward(po::exec::seq, of.view(), of.labels(), coefficient, shape(apart));
  lm::sequence_log_prob_backward(po::exec::seq, of.view(), of.labels(), coefficient, shape(sum), true);
  for (std::size_t i = 0; i < sum.size(); ++i) { REQUIRE(sum[i] == 2.0f + apart[i]); }
  REQUIRE_THROWS_AS(
      lm::sequence_log_prob_backward(po::exec::seq, of.view(), of.labels(), coefficient, shape(of.logits), true),
      std::invalid_argument);
  lm::sequence_log_prob_backward(po::exec::seq, of.view(), of.labels(), coefficient, shape(of.logits));
  REQUIRE(of.logits == apart);
}

TEST_CASE("sequences of coefficient 0 and places that do not count are not read") {
  text<float> of(2, 2, 20, 1.0);
  of.label = {3, -1, 4, 4};
  of.mask = {1, 1, 1, 1};
  for (std::size_t v = 0; v < 20; ++v) { of.logits[20 + v] = test_support::nan_of<float>; }
  for (std::size_t v = 40; v < 80; ++v) { of.logits[v] = test_support::nan_of<float>; }
  std::vector<float> gradient(of.logits.size(), 5.0f);
  const std::vector<double> coefficient{1, 0};
  lm::sequence_log_prob_backward(po::exec::seq, of.view(), of.labels(), coefficient,
                                 lm::view_logits(std::span<float>(gradient), 2, 2, 20));
  for (const float each : gradient) { REQUIRE(std::isfinite(each)); }
  REQUIRE(std::isfinite(ask(of).log_prob[0]));
  REQUIRE(std::isnan(ask(of).log_prob[1]));
}

TEST_CASE("sequence_log_prob: impossible tokens, none possible, none that count") {
  constexpr double infinity = test_support::infinity_of<double>;
  text<double> of(4, 1, 3, 0.0);
  of.logits = {-infinity, 2, 2, -infinity, 0, 0, -infinity, -infinity, -infinity, 1, 2, 3};
  of.label = {1, 0, 1, 2};
  of.mask = {1, 1, 1, 0};
  const auto found = ask(of);
  REQUIRE(std::abs(found.log_prob[0] + std::log(2.0)) <= 1e-15);
  REQUIRE(std::abs(found.entropy[0] - std::log(2.0)) <= 1e-15);
  REQUIRE(found.log_prob[1] == -infinity);
  REQUIRE(std::isnan(found.log_prob[2]));
  REQUIRE((found.log_prob[3] == 0 && found.count[3] == 0 && found.argmax[3] == -1));
  of.logits = {infinity, 0, 1, 1, infinity, 2, -infinity, 0, -infinity, infinity, infinity, infinity};
  of.mask[3] = 1;
  const auto infinite = ask(of);
  for (const std::size_t n : {0u, 1u, 3u}) {
    REQUIRE((std::isnan(infinite.log_prob[n]) && std::isnan(infinite.entropy[n])));
  }
  REQUIRE((infinite.log_prob[2] == 0 && infinite.entropy[2] == 0 && infinite.argmax[2] == 1));
}

TEST_CASE("sequence_log_prob: the same bits for any number of threads, strides respected", "[threads]") {
  const text<float> of(9, 3, 2000, 5.0);
  const auto one = ask(of);
  for (const unsigned count : {2u, 7u}) {
    const auto many = ask(of, po::exec::threads{count});
    REQUIRE((many.log_prob == one.log_prob && many.entropy == one.entropy && many.argmax == one.argmax));
  }
  // Every second token of a longer array.
  std::vector<float> wide;
  for (std::size_t place = 0; place < 27; ++place) {
    wide.insert(wide.end(), of.logits.begin() + static_cast<std::ptrdiff_t>(place * 2000),
                of.logits.begin() + static_cast<std::ptrdiff_t>((place + 1) * 2000));
    wide.insert(wide.end(), 77, test_support::nan_of<float>);
  }
  const lm::token_logits<const float> strided{wide.data(), 9, 3, 2000, 3 * 2077, 2077};
  std::vector<double> log_prob(9);
  lm::sequence_log_prob(po::exec::seq, strided, of.labels(), {.log_prob = log_prob});
  REQUIRE(log_prob == one.log_prob);
}

TEMPLATE_TEST_CASE("sequence_log_prob hands its log-sums to the backward pass, which then gives the same bits", "",
                   float, double, Eigen::bfloat16, Eigen::half) {
  text<TestType> of(6, 5, 2100, 9.0, 3);
  of.logits[static_cast<std::size_t>(2100 * 3 + 7)] = static_cast<TestType>(-test_support::infinity_of<float>);
  std::vector<double> log_prob(6), log_sum(30, 5.0);
  lm::sequence_log_prob(po::exec::seq, of.view(), of.labels(), {.log_prob = log_prob, .log_sum = log_sum});
  REQUIRE(log_prob == ask(of).log_prob);
  for (std::size_t place = 0; place < 30; ++place) {
    if (!of.labels().counts(static_cast<po::index>(place))) {
      REQUIRE(log_sum[place] == 0);
      continue;
    }
    long double sum = 0;
    for (std::size_t v = 0; v < 2100; ++v) {
      sum += std::exp(static_cast<long double>(static_cast<double>(of.logits[place * 2100 + v])));
    }
    const auto expected = static_cast<double>(std::log(sum));
    REQUIRE(std::abs(log_sum[place] - expected) <= (sizeof(TestType) == 8 ? 1e-14 : 1e-7) * (1 + std::abs(expected)));
  }
  const std::vector<double> coefficient{0.5, -1, 0, 2, 1, -0.25};
  const auto backward = [&](std::span<const double> given) {
    std::vector<float> gradient(of.logits.size());
    lm::sequence_log_prob_backward(po::exec::seq, of.view(), of.labels(), coefficient,
                                   lm::view_logits(std::span<float>(gradient), 6, 5, 2100), false, given);
    return gradient;
  };
  REQUIRE(backward(log_sum) == backward({}));
  std::vector<double> other = log_sum;  // it is what is given that counts
  for (double& each : other) { each += 1; }
  REQUIRE(backward(other) != backward({}));
  REQUIRE_THROWS_WITH(backward(std::span<const double>(log_sum).first(29)),
                      "dynamicpo::lm::sequence_log_prob_backward: log_sum has 29 entries, expected 30");
  std::vector<double> room(29);
  REQUIRE_THROWS_AS(
      lm::sequence_log_prob(po::exec::seq, of.view(), of.labels(), {.log_prob = log_prob, .log_sum = room}),
      std::invalid_argument);
}

TEST_CASE("sequence_log_prob refuses labels that are no tokens, and arrays that do not fit") {
  text<float> of(2, 2, 4, 1.0);
  of.label = {1, 4, 0, 0};
  of.mask = {1, 1, 1, 1};
  std::vector<double> log_prob(2);
  REQUIRE_THROWS_WITH(
      lm::sequence_log_prob(po::exec::seq, of.view(), of.labels(), {.log_prob = log_prob}),
      "dynamicpo::lm::sequence_log_prob: label 4 of sequence 0, token 1 is not below the vocabulary of 4");
  of.mask[1] = 0;
  REQUIRE_NOTHROW(lm::sequence_log_prob(po::exec::seq, of.view(), of.labels(), {.log_prob = log_prob}));
  std::vector<double> small(1);
  REQUIRE_THROWS_AS(lm::sequence_log_prob(po::exec::seq, of.view(), of.labels(), {.log_prob = small}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(lm::view_logits(std::span<float>(of.logits), 2, 2, 5), std::invalid_argument);
}

TEST_CASE("sequence_log_prob keeps what is small beside 1") {
  text<float> of(1, 1, 2, 0.0);
  of.logits = {0, -17};
  of.label = {0};
  of.mask = {1};
  const double rest = std::exp(-17.0), all = std::log1p(rest);
  const auto found = ask(of);
  REQUIRE(std::abs(found.log_prob[0] + all) <= 1e-6 * all);
  REQUIRE(std::abs(found.entropy[0] - (all + 17 * rest / (1 + rest))) <= 1e-6 * found.entropy[0]);
}

TEST_CASE("sequence_log_prob_backward refuses memory that overlaps otherwise than exactly in place") {
  std::vector<float> memory(400);
  const std::vector<std::int32_t> label(10, 1);
  const std::vector<double> coefficient(5, 1.0);
  const auto at = [&](std::size_t from) { return lm::view_logits(std::span<float>(memory).subspan(from), 5, 2, 20); };
  const auto call = [&](const auto& logits, const auto& gradient, bool accumulate) {
    lm::sequence_log_prob_backward(po::exec::seq, logits, {.label = label}, coefficient, gradient, accumulate);
  };
  REQUIRE_THROWS_AS(call(at(0), at(20), false), std::invalid_argument);
  REQUIRE_THROWS_AS(call(at(20), at(0), true), std::invalid_argument);
  lm::token_logits<float> other = at(0);
  std::swap(other.sequence_stride, other.token_stride);
  REQUIRE_THROWS_AS(call(at(0), other, false), std::invalid_argument);
  REQUIRE_NOTHROW(call(at(0), at(200), true));
  REQUIRE_NOTHROW(call(at(0), at(0), false));
}

TEST_CASE("sequence_log_prob_backward adds to a wider gradient without rounding it") {
  const std::vector<float> logits{0.5f, -1.0f};
  const std::vector<std::int32_t> label{0};
  const std::vector<double> coefficient{1.0};
  std::vector<double> gradient{1e9 + 0.25, 0};
  lm::sequence_log_prob_backward(po::exec::seq, lm::view_logits(std::span<const float>(logits), 1, 1, 2),
                                 {.label = label}, coefficient, lm::view_logits(std::span<double>(gradient), 1, 1, 2),
                                 true);
  REQUIRE(std::abs(gradient[0] - (1e9 + 0.25 + 1 / (1 + std::exp(1.5)))) <= 1e-6);
}
