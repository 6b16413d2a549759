// SPDX-License-Identifier: MIT
// Sequence log-probabilities and their gradient on one thread, float, at the vocabularies of real models: nanoseconds a
// token beside a plain read of the logits (forward), beside a triad of the same bytes (forward and backward: two reads,
// one write), and beside libtorch's log_softmax, gather and autograd. Medians of interleaved rounds, ratios within
// them.
#include "dynamicpo/lm/sequence_log_prob.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "peers/token_problem.hpp"
#include "report/interleaved.hpp"
#include "report/machine.hpp"
#include "report/peer_process.hpp"
#include "report/stopwatch.hpp"
#include "twins/triad.hpp"

namespace {

namespace po = dynamicpo;
namespace lm = dynamicpo::lm;

constexpr int rounds = 11;

void report(bench::peer_process& torch, std::int64_t vocabulary) {
  const bench::token_problem problem(vocabulary);
  std::vector<float> logits = problem.logits, overwritten = logits, gradient(logits.size());
  std::vector<double> log_prob(1), log_sum(static_cast<std::size_t>(problem.tokens));
  const std::vector<double> coefficient{1};
  const auto size = static_cast<std::int64_t>(logits.size());
  const auto view = lm::view_logits(std::span<float>(logits), 1, problem.tokens, vocabulary);
  const auto over = lm::view_logits(std::span<float>(overwritten), 1, problem.tokens, vocabulary);
  const auto to = lm::view_logits(std::span<float>(gradient), 1, problem.tokens, vocabulary);
  const lm::token_labels labels{.label = problem.label};
  float kept = 0;

  const auto timed = [&](std::function<void()> work) {
    return bench::interleaved::one_run(bench::stopwatch(std::move(work), problem.tokens, bench::timed_by::processor));
  };
  const auto forward = [&](const lm::token_logits<float>& of) {
    lm::sequence_log_prob(po::exec::seq, of, labels, {.log_prob = log_prob, .log_sum = log_sum});
  };
  enum contender : std::size_t { read, triad, ours, ours_both, ours_in_place, torch_forward, torch_both };
  std::vector<bench::interleaved::one_run> contenders{
      timed([&] { kept += bench::detail::sum_up(logits.data(), 0, size); }),
      timed([&] { bench::detail::add_arrays(logits.data(), overwritten.data(), gradient.data(), 0, size); }),
      timed([&] { forward(view); }), timed([&] {
        forward(view);
        lm::sequence_log_prob_backward(po::exec::seq, view, labels, coefficient, to, false, log_sum);
      }),
      timed([&] {
        forward(over);
        lm::sequence_log_prob_backward(po::exec::seq, over, labels, coefficient, over, false, log_sum);
      })};
  if (torch.absent().empty()) {
    for (const char* what : {"forward/", "both/"}) {
      contenders.emplace_back([&torch, name = what + std::to_string(vocabulary)] { return torch.ask(name); });
    }
  }
  const bench::interleaved figures(contenders, rounds);
  const auto line = [&](const char* what, std::size_t which, std::size_t under, const char* name) {
    const bench::spread ratio = figures.ratio(which, under);
    std::printf("%-9lld %-32s %10.0f %8.2f x %s (quartiles %.2f apart)\n", static_cast<long long>(vocabulary), what,
                figures.of(which).median, ratio.median, name, ratio.quartiles);
  };
  line("a plain read", read, read, "read");
  line("forward", ours, read, "read");
  line("triad", triad, triad, "triad");
  line("forward and backward", ours_both, triad, "triad");
  line("the same, in place", ours_in_place, triad, "triad");
  if (torch.absent().empty()) {
    line("libtorch forward", torch_forward, ours, "forward");
    line("libtorch forward and backward", torch_both, ours_both, "forward and backward");
  }
  if (!(kept == kept)) { std::printf("the sum is not a number\n"); }
}

}  // namespace

int main() {
  std::printf("%s; medians of %d interleaved rounds\n", bench::describe_machine("as DYNAMICPO_NATIVE says").c_str(),
              rounds);
  std::printf("%-9s %-32s %10s\n", "V", "what", "ns/token");
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  bench::peer_process torch({(folder / "bench_peer_torch_log_prob").string()});
  for (const std::int64_t vocabulary : {32'000, 128'256}) { report(torch, vocabulary); }
  if (!torch.absent().empty()) { std::printf("left out: libtorch: %s\n", torch.absent().c_str()); }
}
