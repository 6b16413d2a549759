// SPDX-License-Identifier: MIT
// Negative sampling on one thread, a catalogue of a million items: millions of draws a second and nanoseconds a
// draw, medians of interleaved rounds; and what 500 positives a row to be left out cost: checked beforehand, or a list
// of 2000 bytes read for K draws.
#include <cstdint>
#include <cstdio>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/sample/checked_lists.hpp"
#include "dynamicpo/sample/log_uniform.hpp"
#include "dynamicpo/sample/negatives.hpp"
#include "dynamicpo/sample/popularity.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "report/interleaved.hpp"
#include "report/machine.hpp"
#include "report/stopwatch.hpp"

namespace {

namespace sample = dynamicpo::sample;

constexpr std::int64_t catalogue = 1'000'000, rows = 20'000, excluded = 500;
constexpr int rounds = 21;

/// `excluded` distinct items for each row, in ascending order.
struct positives {
  std::vector<std::int64_t> offsets{0};
  std::vector<sample::item> items;

  positives() {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < excluded; ++i) {
        constexpr std::int64_t stratum = catalogue / excluded;
        items.push_back(static_cast<sample::item>(i * stratum + (row * 7919 + i * 104729) % stratum));
      }
      offsets.push_back(static_cast<std::int64_t>(items.size()));
    }
  }
  sample::item_lists plain() const { return {offsets, items}; }
};

template <class Sampler>
void report(const char* name, const Sampler& from, const sample::item_lists& plain, const sample::item_lists& checked,
            std::int64_t slots) {
  std::vector<sample::item> items(static_cast<std::size_t>(rows * slots));
  std::vector<double> log_q(items.size());
  const auto draw = [&](const sample::item_lists& without, bool replacement, bool with_log_q) {
    return bench::stopwatch(
        [&, without, replacement, with_log_q] {
          sample::draw_negatives(dynamicpo::exec::seq, from, rows, without, {.seed = 3}, replacement,
                                 {.items = items, .log_q = with_log_q ? std::span(log_q) : std::span<double>()});
        },
        rows * slots, bench::timed_by::processor);
  };
  const bench::interleaved figures({draw({}, true, false), draw({}, false, false), draw(checked, false, false),
                                    draw(plain, false, false), draw(checked, false, true)},
                                   rounds);
  std::printf("%-12s %4lld %10.1f %10.2f %10.2f %12.2f %10.2f %12.2f %10.2f %10.2f\n", name,
              static_cast<long long>(slots), 1e3 / figures.of(1).median, figures.of(0).median, figures.of(1).median,
              figures.of(2).median, figures.ratio(2, 1).median, figures.of(3).median, figures.ratio(3, 1).median,
              figures.of(4).median);
}

}  // namespace

int main() {
  std::printf("%s; medians of %d interleaved rounds\n", bench::describe_machine("as DYNAMICPO_NATIVE says").c_str(),
              rounds);
  std::printf("%-12s %4s %10s %10s %10s %12s %10s %12s %10s %10s\n", "sampler", "K", "M draws/s", "with repl.",
              "without", "500 excluded", "x without", "unchecked", "x without", "and log q");
  const positives taken;
  const sample::checked_lists checked(taken.plain());
  const auto report_with = [&](const char* name, const auto& from, std::int64_t slots) {
    report(name, from, taken.plain(), checked.lists(), slots);
  };
  std::vector<double> counts(static_cast<std::size_t>(catalogue));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[(i * 7919) % counts.size()] = 1e6 / static_cast<double>(i + 1);  // Zipf, in no order
  }
  const sample::popularity popularity(std::span<const double>(counts), 0.75);
  for (const std::int64_t slots : {15, 64}) {
    report_with("uniform", sample::uniform(catalogue), slots);
    report_with("log-uniform", sample::log_uniform(catalogue), slots);
    report_with("popularity", popularity, slots);
  }
}
