// SPDX-License-Identifier: MIT
#include "selection_bench/quality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "dynamicpo/evaluate.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/objective/dmpo.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "report/interleaved.hpp"
#include "report/stopwatch.hpp"
#include "selection_bench/exact.hpp"

namespace selection_bench {
namespace {

namespace po = dynamicpo;

double ratio(double part, double whole) { return part / whole; }

double gradient_share(const bench_data& data, const std::vector<std::uint8_t>& selected) {
  std::vector<double> chosen(data.scores.rows()), rejected(data.scores.rejected.size());
  po::loss_and_gradient(po::exec::seq, po::vanilla(po::objective::dmpo), data.scores.view().with_mask(selected),
                        po::reference_free,
                        {.gradient = po::view(chosen, rejected, data.scores.offsets), .reduction = po::reduction::sum});
  double all = 0, on_boundary = 0;
  for (std::size_t i = 0; i < rejected.size(); ++i) {
    all += std::abs(rejected[i]);
    if (data.truth[i] == 1) on_boundary += std::abs(rejected[i]);
  }
  return ratio(on_boundary, all);
}

// Whether what is selected of the permuted row is what was selected before.
bool same_set(const bench_data& data, std::size_t row, const selected_lists& before, const selected_lists& permuted) {
  const auto order = data.permuted.slice(data.order, row);
  std::vector<std::int32_t> slots;
  for (const std::int32_t slot : permuted.of(row)) slots.push_back(order[static_cast<std::size_t>(slot)]);
  std::sort(slots.begin(), slots.end());
  return std::ranges::equal(slots, before.of(row));
}

}  // namespace

bench_data prepare(bench_data data, std::uint64_t seed) {
  data.exact = exact_boundaries(data.scores);
  if (!data.labelled) data.truth = data.exact;
  std::vector<double> scores;
  for (std::size_t row = 0; row < data.scores.rows(); ++row) {
    const auto rejected = data.scores.rejected_of(row);
    if (rejected.empty()) {
      throw std::invalid_argument(fmt::format(
          "selection_bench::prepare: {}: expected a negative in every row, found none in row {}", data.id, row));
    }
    std::vector<std::int32_t> order(rejected.size());
    std::iota(order.begin(), order.end(), 0);
    dynamicpo::sample::philox_engine random{seed, row};
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[random.below(static_cast<std::uint32_t>(left))]);
    }
    scores.clear();
    for (const std::int32_t slot : order) scores.push_back(rejected[static_cast<std::size_t>(slot)]);
    data.permuted.add(data.scores.chosen[row], scores);
    data.order.insert(data.order.end(), order.begin(), order.end());
  }
  return data;
}

double quality::f1() const { return recall > 0 && precision > 0 ? 2 * recall * precision / (recall + precision) : 0; }

quality measure(strategy& of, const bench_data& data) {
  const std::size_t rows = data.scores.rows();
  selected_lists found, of_permuted;
  of.select(data.permuted, 0, of_permuted);
  of.select(data.scores, 0, found);
  const std::vector<std::uint8_t> flags = flags_of(data.scores, found);

  double hits = 0, selected = 0, agreeing = 0, invariant = 0, empty = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    agreeing += std::ranges::equal(data.scores.slice(flags, row), data.scores.slice(data.exact, row)) ? 1 : 0;
    invariant += same_set(data, row, found, of_permuted) ? 1 : 0;
    empty += found.of(row).empty() ? 1 : 0;
  }
  for (std::size_t i = 0; i < flags.size(); ++i) {
    selected += flags[i];
    hits += flags[i] == 1 && data.truth[i] == 1 ? 1 : 0;
  }
  const double wanted = std::accumulate(data.truth.begin(), data.truth.end(), 0.0);
  const auto count = static_cast<double>(rows);
  return {.recall = ratio(hits, wanted),
          .precision = ratio(hits, selected),
          .agreement = ratio(agreeing, count),
          .order_invariance = ratio(invariant, count),
          .selected = ratio(selected, count),
          .empty_rows = ratio(empty, count),
          .gradient_share = gradient_share(data, flags),
          .ns_per_row = of.nanoseconds().value_or(0) / count};
}

void time_by_turns(const std::vector<strategy*>& strategies, const bench_data& data, int rounds,
                   std::vector<quality>& figures) {
  std::vector<std::size_t> timed;
  std::vector<bench::interleaved::one_run> contenders;
  std::vector<selected_lists> out(strategies.size());
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    if (strategies[i] == nullptr || strategies[i]->nanoseconds()) continue;
    timed.push_back(i);
    contenders.push_back(bench::stopwatch{[&, i] { strategies[i]->select(data.scores, 0, out[i]); },
                                          static_cast<std::int64_t>(data.scores.rows()), bench::timed_by::processor});
  }
  const bench::interleaved figures_by_turn{contenders, rounds};
  for (std::size_t i = 0; i < timed.size(); ++i) figures[timed[i]].ns_per_row = figures_by_turn.of(i).median;
}

}  // namespace selection_bench
