// SPDX-License-Identifier: MIT
// The fused head's memory grows with neither K, T nor V; sequence_log_prob needs none.
#include "dynamicpo/lm/fused_head.hpp"

#include <cstdint>
#include <vector>

#include "allocation/counted_new.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/lm/sequence_log_prob.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;

namespace {

/// Allocates nothing of its own.
struct plain_product {
  template <class T>
  void operator()(po::index rows, po::index columns, po::index inner, const lm::operand<T>& a, const lm::operand<T>& b,
                  T* to, po::index to_stride, bool add) const {
    const auto at = [](const lm::operand<T>& of, po::index i, po::index j) {
      return of.transposed ? of.data[j * of.stride + i] : of.data[i * of.stride + j];
    };
    for (po::index i = 0; i < rows; ++i) {
      for (po::index j = 0; j < columns; ++j) {
        T sum = add ? to[i * to_stride + j] : T(0);
        for (po::index k = 0; k < inner; ++k) { sum += at(a, i, k) * at(b, k, j); }
        to[i * to_stride + j] = sum;
      }
    }
  }
};

struct problem {
  po::index sequences, tokens, vocabulary, width = 3;
  std::vector<float> hidden, weights, hidden_gradient, weight_gradient;
  std::vector<std::int32_t> label;
  std::vector<double> log_prob, log_sum, coefficient;

  problem(po::index negatives, po::index t, po::index v)
      : sequences(2 * (1 + negatives)),
        tokens(t),
        vocabulary(v),
        hidden(static_cast<std::size_t>(sequences * t * width), 0.5f),
        weights(static_cast<std::size_t>(v * width), 0.25f),
        hidden_gradient(hidden.size()),
        weight_gradient(weights.size()),
        label(static_cast<std::size_t>(sequences * t), 1),
        log_prob(static_cast<std::size_t>(sequences)),
        log_sum(label.size()),
        coefficient(log_prob.size(), 1.0) {}

  void step() {
    const lm::language_head<float> head{hidden.data(), weights.data(), sequences, tokens, vocabulary, width};
    lm::fused_log_prob(po::exec::seq, plain_product{}, head, {.label = label},
                       {.log_prob = log_prob, .log_sum = log_sum});
    lm::fused_log_prob_backward(po::exec::seq, plain_product{}, head, {.label = label}, coefficient,
                                hidden_gradient.data(), weight_gradient.data(), false, log_sum);
  }
};

}  // namespace

TEST_CASE("the fused head needs the same memory for any K, T and V") {
  const auto extra = [](po::index negatives, po::index tokens, po::index vocabulary) {
    problem of(negatives, tokens, vocabulary);
    return counted_new::extra_bytes([&] { of.step(); });
  };
  const long least = extra(1, 16, 30);
  REQUIRE(least > 64 * 1024 * 4);  // a tile of logits
  REQUIRE(least < 2 * 64 * 1024 * 4);
  for (const po::index negatives : {1, 31}) {
    for (const po::index tokens : {16, 1024}) {
      CAPTURE(negatives, tokens);
      const long most = extra(negatives, tokens, 30);
      REQUIRE(most == least);
    }
  }
  REQUIRE(extra(1, 16, 9000) == least);
}

TEST_CASE("sequence_log_prob allocates nothing, forward or backward") {
  std::vector<float> logits(2 * 3 * 5000, 0.5f);
  const std::vector<std::int32_t> label(6, 1);
  const std::vector<double> coefficient{1, 2};
  std::vector<double> log_prob(2), entropy(2);
  const auto view = lm::view_logits(std::span<float>(logits), 2, 3, 5000);
  const long before = counted_new::allocations;
  lm::sequence_log_prob(po::exec::seq, view, {.label = label}, {.log_prob = log_prob, .entropy = entropy});
  lm::sequence_log_prob_backward(po::exec::seq, view, {.label = label}, coefficient, view);
  const long after = counted_new::allocations;
  REQUIRE(after == before);
}
