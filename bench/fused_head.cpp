// SPDX-License-Identifier: MIT
// The fused head on one thread, float, beside the products it is made of: the same tiles multiplied by the same library
// and nothing else. Medians of interleaved rounds, ratios within them.
#include "dynamicpo/lm/fused_head.hpp"

#include <Eigen/Core>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "dynamicpo/adapt/eigen_product.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "report/interleaved.hpp"
#include "report/machine.hpp"
#include "report/stopwatch.hpp"

namespace {

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;

constexpr int rounds = 7;
constexpr std::int64_t sequences = 4, tokens = 64, vocabulary = 32'000;

/// One product over all places, as large as it comes: what the library's product reaches at its best.
struct products {
  std::int64_t places, width;
  std::vector<float> hidden, weights, logits, hidden_gradient, weight_gradient;

  explicit products(std::int64_t h)
      : places(sequences * tokens),
        width(h),
        hidden(static_cast<std::size_t>(places * h)),
        weights(static_cast<std::size_t>(vocabulary * h)),
        logits(static_cast<std::size_t>(places * vocabulary)),
        hidden_gradient(hidden.size()),
        weight_gradient(weights.size()) {
    const auto fill = [](std::vector<float>& values, std::uint32_t state, float scale) {
      for (float& each : values) {
        state = state * 1664525u + 1013904223u;
        each = (static_cast<float>(state >> 8) * 0x1p-23f - 1) * scale;
      }
    };
    fill(hidden, 1, 1.0f);
    fill(weights, 2, 0.1f);
  }
  void forward() {
    po::adapt::eigen_product{}(places, vocabulary, width, lm::operand<float>{hidden.data(), width},
                               lm::operand<float>{weights.data(), width, true}, logits.data(), vocabulary, false);
  }
  void backward() {
    const lm::operand<float> pulls{logits.data(), vocabulary};
    po::adapt::eigen_product{}(places, width, vocabulary, pulls, lm::operand<float>{weights.data(), width},
                               hidden_gradient.data(), width, false);
    po::adapt::eigen_product{}(vocabulary, width, places, lm::operand<float>{logits.data(), vocabulary, true},
                               lm::operand<float>{hidden.data(), width}, weight_gradient.data(), width, false);
  }
};

void report(std::int64_t width) {
  products of(width);
  const std::vector<std::int32_t> label(static_cast<std::size_t>(of.places), 17);
  const std::vector<double> coefficient(static_cast<std::size_t>(sequences), 0.5);
  std::vector<double> log_prob(coefficient.size()), log_sum(label.size());
  const lm::language_head<float> head{of.hidden.data(), of.weights.data(), sequences, tokens, vocabulary, width};
  const auto timed = [&](std::function<void()> work) {
    return bench::interleaved::one_run(bench::stopwatch(std::move(work), of.places, bench::timed_by::processor));
  };
  const auto forward = [&] {
    lm::fused_log_prob(po::exec::seq, po::adapt::eigen_product{}, head, {.label = label},
                       {.log_prob = log_prob, .log_sum = log_sum});
  };
  const bench::interleaved figures(
      {timed([&] { of.forward(); }), timed(forward),
       // Backward, the fused head makes its logits twice more: once for each gradient.
       timed([&] {
         for (int i = 0; i < 3; ++i) { of.forward(); }
         of.backward();
       }),
       timed([&] {
         forward();
         lm::fused_log_prob_backward(po::exec::seq, po::adapt::eigen_product{}, head, {.label = label}, coefficient,
                                     of.hidden_gradient.data(), of.weight_gradient.data(), false, log_sum);
       })},
      rounds);
  const double flops = 2.0 * static_cast<double>(vocabulary * width);
  const auto line = [&](const char* what, std::size_t ours, std::size_t theirs, int how_many) {
    std::printf("%-6lld %-22s %10.0f %10.1f %10.0f %10.1f %8.2f\n", static_cast<long long>(width), what,
                figures.of(ours).median, how_many * flops / figures.of(ours).median, figures.of(theirs).median,
                how_many * flops / figures.of(theirs).median, figures.ratio(ours, theirs).median);
  };
  line("forward", 1, 0, 1);
  line("forward and backward", 3, 2, 5);
}

}  // namespace

int main() {
  std::printf("%s; medians of %d interleaved rounds; V = %lld, %lld places\n",
              bench::describe_machine("as DYNAMICPO_NATIVE says").c_str(), rounds, static_cast<long long>(vocabulary),
              static_cast<long long>(sequences * tokens));
  std::printf("%-6s %-22s %10s %10s %10s %10s %8s\n", "H", "what", "ns/token", "Gflop/s", "products", "Gflop/s",
              "ratio");
  for (const std::int64_t width : {256, 1024, 4096}) { report(width); }
}
