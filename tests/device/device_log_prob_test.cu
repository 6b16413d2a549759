// SPDX-License-Identifier: MIT
#include <cuda_bf16.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "device/device_test.cuh"
#include "dynamicpo/lm/device_log_prob.cuh"
#include "dynamicpo/sample/philox.hpp"

// Log-probabilities of sequences on the device and their gradient against the formulas in double.
namespace {

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;

constexpr double infinity = std::numeric_limits<double>::infinity();

struct problem {
  po::index sequences = 5, tokens = 3, vocabulary;
  std::vector<double> logits, coefficient{1, 0, -0.5, 2, 1};
  std::vector<std::int32_t> label;
  std::vector<std::uint8_t> mask;

  explicit problem(po::index v) : vocabulary{v} {
    dynamicpo::sample::philox_engine random{static_cast<std::uint64_t>(v)};
    const auto places = static_cast<std::size_t>(sequences * tokens);
    for (std::size_t i = 0; i < places * static_cast<std::size_t>(v); ++i) {
      logits.push_back(12 * random.uniform() - 6);
    }
    for (std::size_t place = 0; place < places; ++place) {
      label.push_back(place == 4 ? -1 : static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(v))));
      mask.push_back(place == 8 ? 0 : 1);
    }
    if (v > 2) { logits[static_cast<std::size_t>((label[0] + 1) % v)] = -infinity; }
  }
  bool counts(std::size_t place) const { return label[place] >= 0 && mask[place] != 0; }
};

template <class S>
void check(po::index vocabulary) {
  problem in(vocabulary);
  std::vector<S> stored;
  for (double& each : in.logits) {
    stored.push_back(static_cast<S>(static_cast<float>(each)));
    each = static_cast<double>(static_cast<float>(stored.back()));
  }
  const auto v = static_cast<std::size_t>(vocabulary), places = in.label.size(),
             sequences = static_cast<std::size_t>(in.sequences), tokens = static_cast<std::size_t>(in.tokens);
  const device_test::device_array<S> logits(stored);
  const device_test::device_array<float> gradient(stored.size());
  const device_test::device_array<std::int32_t> label(in.label), count(sequences), argmax(places);
  const device_test::device_array<std::uint8_t> mask(in.mask);
  const device_test::device_array<double> coefficient(in.coefficient), log_prob(sequences), entropy(sequences),
      log_sum(places);
  const lm::token_logits<const S> view{logits.cspan().data(),  in.sequences, in.tokens, vocabulary,
                                       in.tokens * vocabulary, vocabulary};
  const lm::token_logits<float> to{gradient.span().data(), in.sequences, in.tokens, vocabulary,
                                   in.tokens * vocabulary, vocabulary};
  const lm::device_token_labels labels{label.cspan(), mask.cspan()};
  lm::sequence_log_prob(po::exec::cuda_stream{}, view, labels,
                        {log_prob.span(), count.span(), entropy.span(), argmax.span(), log_sum.span()});
  lm::sequence_log_prob_backward(po::exec::cuda_stream{}, view, labels, coefficient.cspan(), to, log_sum.cspan());

  const auto found_log_prob = log_prob.values(), found_entropy = entropy.values(), found_sum = log_sum.values();
  const auto found_count = count.values(), found_argmax = argmax.values();
  const auto found_gradient = gradient.values();
  for (std::size_t n = 0; n < sequences; ++n) {
    double expected = 0, expected_entropy = 0;
    std::int32_t expected_count = 0;
    for (std::size_t place = n * tokens; place < (n + 1) * tokens; ++place) {
      const double* const row = in.logits.data() + place * v;
      std::size_t best = 0;
      for (std::size_t k = 1; k < v; ++k) { best = row[best] < row[k] ? k : best; }
      double sum = 0, weighted = 0;
      for (std::size_t k = 0; k < v; ++k) {
        const double weight = std::exp(row[k] - row[best]);
        sum += weight;
        weighted += weight > 0 ? weight * (row[k] - row[best]) : 0;
      }
      const double total = row[best] + std::log(sum);
      if (in.counts(place)) {
        expected += row[in.label[place]] - total;
        expected_entropy += std::log(sum) - weighted / sum;
        ++expected_count;
        DEVICE_CHECK(std::abs(found_sum[place] - total) <= 1e-6 * std::max(1.0, std::abs(total)));
      }
      DEVICE_CHECK(found_argmax[place] == (in.counts(place) ? static_cast<std::int32_t>(best) : -1));
      for (std::size_t k = 0; k < v; ++k) {
        const double share = std::exp(row[k] - total), pull = in.counts(place) ? in.coefficient[n] : 0;
        const double slope = pull * ((static_cast<std::int32_t>(k) == in.label[place] ? 1 : 0) - share);
        const double made = static_cast<double>(found_gradient[place * v + k]);
        DEVICE_CHECK(std::abs(made - slope) <= 2e-6 * std::abs(pull) * (share + (made == slope ? 0 : std::abs(slope))));
      }
    }
    DEVICE_CHECK(found_count[n] == expected_count);
    DEVICE_CHECK(std::abs(found_log_prob[n] - expected) <= 1e-6 * std::max(1.0, std::abs(expected)));
    DEVICE_CHECK(std::abs(found_entropy[n] - expected_entropy) <= 1e-6 * std::max(1.0, expected_entropy));
  }
}

}  // namespace

int main() {
  return device_test::run([] {
    for (const po::index v : {1, 2, 255, 256, 257, 5000, 32000}) {
      check<float>(v);
      check<__nv_bfloat16>(v);
    }
  });
}
