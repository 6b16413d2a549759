// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/device_negatives.cuh"

#include <algorithm>
#include <string>
#include <vector>

#include "device/device_test.cuh"
#include "device/host_draws.hpp"
#include "support/message_of.hpp"

// Negatives drawn on the device are those that seq draws.
namespace {

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;
using device_test::device_array;
using device_test::draw_task;
using device_test::drawn;

template <class Sampler>
drawn device_draws(const Sampler& from, const draw_task& task) {
  const auto entries = static_cast<std::size_t>(task.rows * task.slots);
  const device_array<std::int64_t> offsets(task.offsets);
  const device_array<sample::item> positives(task.positives), items(entries);
  const device_array<double> log_q(entries);
  const device_array<po::index> found(static_cast<std::size_t>(task.rows));
  const device_array<sample::draw_counts> counts(std::vector<sample::draw_counts>(1));
  sample::draw_negatives(po::exec::cuda_stream{}, from, task.rows, {offsets.cspan(), positives.cspan()}, task.at,
                         task.replacement, {items.span(), log_q.span(), found.span(), counts.span()});
  return {items.values(), log_q.values(), found.values(), counts.values().front()};
}

bool same_counts(const sample::draw_counts& a, const sample::draw_counts& b) {
  return a.drawn == b.drawn && a.accepted == b.accepted && a.rejected == b.rejected && a.exhaustive == b.exhaustive &&
         a.short_rows == b.short_rows;
}

/// \param device_from  `from`, with its tables on the device.
template <class Sampler>
void check(const Sampler& from, const Sampler& device_from, const draw_task& task) {
  const drawn found = device_draws(device_from, task), expected = device_test::host_draws(from, task);
  DEVICE_CHECK(found.items == expected.items);
  DEVICE_CHECK(found.found == expected.found);
  DEVICE_CHECK(same_counts(found.counts, expected.counts));
  for (std::size_t i = 0; i < expected.log_q.size(); ++i) {
    const double a = found.log_q[i], b = expected.log_q[i];
    DEVICE_CHECK(a == b || std::abs(a - b) <= 1e-13 * std::max(1.0, std::abs(b)));
  }
}

draw_task task(po::index catalogue, po::index rows, po::index slots, std::uint32_t positives, bool replacement) {
  draw_task made{rows, slots, replacement, {.seed = 11, .epoch = 3, .first_row = 1000}};
  sample::philox_engine random{static_cast<std::uint64_t>(catalogue) ^ positives};
  made.offsets.push_back(0);
  for (po::index row = 0; row < rows; ++row) {
    const std::uint32_t count = random.below(positives + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
      made.positives.push_back(static_cast<sample::item>(random.below(static_cast<std::uint32_t>(catalogue))));
    }
    std::sort(made.positives.begin() + made.offsets.back(), made.positives.end());
    made.offsets.push_back(static_cast<std::int64_t>(made.positives.size()));
  }
  return made;
}

void check_samplers(const draw_task& task, po::index catalogue) {
  check(sample::uniform(catalogue), sample::uniform(catalogue), task);
  check(sample::log_uniform(catalogue), sample::log_uniform(catalogue), task);
  std::vector<double> counts;
  for (po::index i = 0; i < catalogue; ++i) {
    counts.push_back(i % 5 == 4 ? 0.0 : 1000.0 / static_cast<double>(i + 1));
  }
  const sample::popularity from{std::span<const double>(counts)};
  const auto slots = from.table().slots();
  const auto probabilities = from.table().probabilities();
  const device_array<std::uint64_t> device_slots(std::vector<std::uint64_t>(slots.begin(), slots.end()));
  const device_array<double> device_probabilities(std::vector<double>(probabilities.begin(), probabilities.end()));
  const auto on_device = from.view_at(device_slots.cspan().data(), device_probabilities.cspan().data());
  check(from.view(), on_device, task);
  check(device_test::mixture(0.25, sample::uniform(catalogue), from.view()),
        device_test::mixture(0.25, sample::uniform(catalogue), on_device), task);
}

void errors_are_named() {
  const device_array<sample::item> items(7);
  const auto message = [&](po::index rows, const sample::device_item_lists& positives) {
    return test_support::message_of([&] {
      sample::draw_negatives(po::exec::cuda_stream{}, sample::uniform(9), rows, positives, {}, true, {items.span()});
    });
  };
  DEVICE_CHECK(message(2, {}) ==
               "dynamicpo::draw_negatives: items has 7 entries: not a whole number for each of 2 rows");
  const device_array<std::int64_t> offsets(3);
  DEVICE_CHECK(message(7, {offsets.cspan(), {}}) == "dynamicpo::draw_negatives: positives have 3 offsets, expected 8");
  DEVICE_CHECK(message(7, {}).empty());
}

}  // namespace

int main() {
  return device_test::run([] {
    const po::index rows = device_test::rows_at_hand(20000);
    for (const bool replacement : {false, true}) {
      check_samplers(task(100000, rows, 15, 60, replacement), 100000);
      check_samplers(task(1000, rows, 40, 300, replacement), 1000);  // many draws are in vain
      check_samplers(task(12, rows, 9, 30, replacement), 12);        // rows run out
      check_samplers(task(1, 5, 2, 2, replacement), 1);
    }
    errors_are_named();
  });
}
