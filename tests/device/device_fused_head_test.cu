// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/device_fused_head.cuh"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "device/device_test.cuh"
#include "dynamicpo/adapt/cublas_product.cuh"
#include "dynamicpo/sample/philox.hpp"
#include "support/message_of.hpp"

// The fused head on the device: its sums and gradients against the formulas in double, over the whole logits.
namespace {

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;
using device_test::device_array;
using test_support::message_of;

class handle {
 public:
  handle() { DEVICE_CHECK(cublasCreate(&made_) == CUBLAS_STATUS_SUCCESS); }
  handle(const handle&) = delete;
  ~handle() { cublasDestroy(made_); }
  po::adapt::cublas_product product() const { return {made_, nullptr}; }

 private:
  cublasHandle_t made_ = nullptr;
};

template <class T>
struct problem {
  po::index sequences = 7, tokens = 5, vocabulary, width = 6;
  std::vector<T> hidden, weights;
  std::vector<std::int32_t> label;
  std::vector<std::uint8_t> mask;
  std::vector<double> coefficient{1, 0, -0.5, 2, 0, -1, 0.25};

  explicit problem(po::index v) : vocabulary{v} {
    po::sample::philox_engine random{static_cast<std::uint64_t>(v)};
    const auto fill = [&](std::vector<T>& to, po::index count) {
      for (po::index i = 0; i < count; ++i) { to.push_back(static_cast<T>(4 * random.uniform() - 2)); }
    };
    fill(hidden, places() * width);
    fill(weights, v * width);
    for (po::index place = 0; place < places(); ++place) {
      label.push_back(place % 6 == 4 ? -1 : static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(v))));
      mask.push_back(place % 7 == 3 ? 0 : 1);
    }
    for (po::index place = 3 * tokens; place < 4 * tokens; ++place) {  // one sequence without any
      mask[static_cast<std::size_t>(place)] = 0;
    }
  }
  po::index places() const { return sequences * tokens; }
  bool counts(std::size_t place) const { return label[place] >= 0 && mask[place] != 0; }
};

struct expected_answer {
  std::vector<double> log_prob, entropy, log_sum, hidden_gradient, weight_gradient;
  std::vector<std::int32_t> count, argmax;
};

template <class T>
expected_answer by_definition(const problem<T>& in) {
  const auto v = static_cast<std::size_t>(in.vocabulary), width = static_cast<std::size_t>(in.width),
             places = in.label.size(), tokens = static_cast<std::size_t>(in.tokens);
  expected_answer made;
  made.log_prob.resize(in.coefficient.size());
  made.entropy.resize(in.coefficient.size());
  made.count.resize(in.coefficient.size());
  made.argmax.assign(places, -1);
  made.log_sum.resize(places);
  made.hidden_gradient.resize(places * width);
  made.weight_gradient.resize(v * width);
  for (std::size_t place = 0; place < places; ++place) {
    if (!in.counts(place)) { continue; }
    std::vector<double> logits(v);
    for (std::size_t k = 0; k < v; ++k) {
      for (std::size_t h = 0; h < width; ++h) {
        logits[k] += static_cast<double>(in.hidden[place * width + h]) * static_cast<double>(in.weights[k * width + h]);
      }
    }
    const auto best = std::max_element(logits.begin(), logits.end());
    double sum = 0, weighted = 0;
    for (const double logit : logits) {
      sum += std::exp(logit - *best);
      weighted += std::exp(logit - *best) * (logit - *best);
    }
    const std::size_t sequence = place / tokens;
    const auto label = static_cast<std::size_t>(in.label[place]);
    made.log_sum[place] = *best + std::log(sum);
    made.argmax[place] = static_cast<std::int32_t>(best - logits.begin());
    made.log_prob[sequence] += logits[label] - made.log_sum[place];
    made.entropy[sequence] += std::log(sum) - weighted / sum;
    ++made.count[sequence];
    for (std::size_t k = 0; k < v; ++k) {
      const double slope =
          in.coefficient[sequence] * ((k == label ? 1.0 : 0.0) - std::exp(logits[k] - made.log_sum[place]));
      for (std::size_t h = 0; h < width; ++h) {
        made.hidden_gradient[place * width + h] += slope * static_cast<double>(in.weights[k * width + h]);
        made.weight_gradient[k * width + h] += slope * static_cast<double>(in.hidden[place * width + h]);
      }
    }
  }
  return made;
}

template <class T>
bool close(const std::vector<T>& found, const std::vector<double>& expected, double plus, double tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - (expected[i] + plus));
    if (!(error <= tolerance * std::max(1.0, std::abs(expected[i])))) {
      std::printf("  entry %zu: %.9g, expected %.9g\n", i, static_cast<double>(found[i]), expected[i] + plus);
      return false;
    }
  }
  return found.size() == expected.size();
}

template <class T>
struct device_problem {
  device_array<T> hidden, weights;
  device_array<std::int32_t> label;
  device_array<std::uint8_t> mask;
  device_array<double> coefficient;
  lm::language_head<T> head;

  explicit device_problem(const problem<T>& in)
      : hidden(in.hidden),
        weights(in.weights),
        label(in.label),
        mask(in.mask),
        coefficient(in.coefficient),
        head{hidden.cspan().data(), weights.cspan().data(), in.sequences, in.tokens, in.vocabulary, in.width} {}
  lm::device_token_labels labels() const { return {label.cspan(), mask.cspan()}; }
};

template <class T>
void check(po::index vocabulary, const lm::head_tile& tile, po::exec::cuda_workspace* workspace) {
  const problem<T> in(vocabulary);
  const expected_answer expected = by_definition(in);
  const device_problem<T> at(in);
  const handle blas;
  const po::exec::cuda_stream exec{nullptr, workspace};
  const device_array<double> log_prob(in.coefficient.size()), entropy(in.coefficient.size()), log_sum(in.label.size());
  const device_array<std::int32_t> count(in.coefficient.size()), argmax(in.label.size());
  lm::fused_log_prob(exec, blas.product(), at.head, at.labels(),
                     {log_prob.span(), count.span(), entropy.span(), argmax.span(), log_sum.span()}, tile);
  const double tolerance = sizeof(T) == sizeof(float) ? 2e-5 : 1e-13;
  DEVICE_CHECK(close(log_prob.values(), expected.log_prob, 0, tolerance));
  DEVICE_CHECK(close(entropy.values(), expected.entropy, 0, tolerance));
  DEVICE_CHECK(close(log_sum.values(), expected.log_sum, 0, tolerance));
  DEVICE_CHECK(count.values() == expected.count);
  DEVICE_CHECK(argmax.values() == expected.argmax);

  const device_array<T> hidden_gradient(std::vector<T>(in.hidden.size(), T(1))),
      weight_gradient(std::vector<T>(in.weights.size(), T(1)));
  for (const bool accumulate : {true, false}) {
    lm::fused_log_prob_backward(exec, blas.product(), at.head, at.labels(), at.coefficient.cspan(),
                                hidden_gradient.span().data(), weight_gradient.span().data(), log_sum.cspan(),
                                accumulate, tile);
    DEVICE_CHECK(close(hidden_gradient.values(), expected.hidden_gradient, accumulate ? 1 : 0, tolerance));
    DEVICE_CHECK(close(weight_gradient.values(), expected.weight_gradient, accumulate ? 1 : 0, tolerance));
  }
  const device_array<T> alone(in.hidden.size());
  lm::fused_log_prob_backward<po::adapt::cublas_product, T>(exec, blas.product(), at.head, at.labels(),
                                                            at.coefficient.cspan(), alone.span().data(), nullptr,
                                                            log_sum.cspan(), false, tile);
  DEVICE_CHECK(alone.values() == hidden_gradient.values());
}

/// What has no coefficient or does not count is not read: NaN there changes nothing.
void what_takes_no_part_is_not_read() {
  problem<float> in(50);
  const expected_answer expected = by_definition(in);
  for (std::size_t place = 0; place < in.label.size(); ++place) {
    if (in.counts(place) && in.coefficient[place / static_cast<std::size_t>(in.tokens)] != 0) { continue; }
    std::fill_n(in.hidden.begin() + static_cast<std::ptrdiff_t>(place) * in.width, in.width,
                std::numeric_limits<float>::quiet_NaN());
  }
  const device_problem<float> at(in);
  const handle blas;
  const device_array<double> log_sum(expected.log_sum);
  const device_array<float> hidden_gradient(in.hidden.size()), weight_gradient(in.weights.size());
  lm::fused_log_prob_backward(po::exec::cuda_stream{}, blas.product(), at.head, at.labels(), at.coefficient.cspan(),
                              hidden_gradient.span().data(), weight_gradient.span().data(), log_sum.cspan());
  DEVICE_CHECK(close(hidden_gradient.values(), expected.hidden_gradient, 0, 2e-5));
  DEVICE_CHECK(close(weight_gradient.values(), expected.weight_gradient, 0, 2e-5));
}

void errors_are_named() {
  const problem<float> in(9);
  const device_problem<float> at(in);
  const handle blas;
  const device_array<double> log_prob(3), log_sum(in.label.size());
  const device_array<float> gradient(in.hidden.size());
  DEVICE_CHECK(message_of([&] {
                 lm::fused_log_prob(po::exec::cuda_stream{}, blas.product(), at.head, at.labels(), {log_prob.span()});
               }) == "dynamicpo::lm::fused_log_prob: log_prob has 3 entries, expected 7");
  const auto backward = [&](po::device_span<const double> sums, float* to) {
    return message_of([&] {
      lm::fused_log_prob_backward<po::adapt::cublas_product, float>(
          po::exec::cuda_stream{}, blas.product(), at.head, at.labels(), at.coefficient.cspan(), to, nullptr, sums);
    });
  };
  DEVICE_CHECK(backward({}, gradient.span().data()) ==
               "dynamicpo::lm::fused_log_prob_backward: log_sum has 0 entries, expected 35");
  DEVICE_CHECK(backward(log_sum.cspan(), at.hidden.span().data()) ==
               "dynamicpo::lm::fused_log_prob_backward: a gradient overlaps the hidden states, the weights or the "
               "other gradient");
}

}  // namespace

int main() {
  return device_test::run([] {
    po::exec::cuda_workspace workspace;
    for (const po::index v : {1, 2, 31, 700}) {
      check<float>(v, {}, nullptr);
      for (const lm::head_tile& tile : {lm::head_tile{1, 1000}, lm::head_tile{4, 7}, lm::head_tile{64, 256}}) {
        check<float>(v, tile, &workspace);
        check<double>(v, tile, nullptr);
      }
    }
    what_takes_no_part_is_not_read();
    errors_are_named();
  });
}
