// SPDX-License-Identifier: MIT
// How far arithmetic hides behind memory: a triad over rows of 15, 16 rows at a time, with more and more multiply-adds
// in registers between one 16 rows and the next, as any loss has between reading and writing them. Nanoseconds a row
// with all arrays in the cache and with none, the next rows asked for ahead; ratio: of the latter to the triad alone.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "dynamicpo/detail/lanes.hpp"
#include "report/interleaved.hpp"
#include "report/stopwatch.hpp"

namespace {

constexpr std::int64_t negatives = 15, rows_together = 16, tile = negatives * rows_together;
using V = dynamicpo::detail::lanes<float, 16, 64>;

struct arrays {
  explicit arrays(std::int64_t count) : rows{count}, a(size(), 1.0f), b(size(), 2.0f), sum(size()) {}
  std::size_t size() const { return static_cast<std::size_t>((rows + rows_together) * negatives); }

  std::int64_t rows;
  std::vector<float> a, b, sum;
  V kept[8] = {V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8)};
};

void ask(const float* at, bool writes) {
  for (std::int64_t i = 0; i < tile; i += 16) {
    writes ? __builtin_prefetch(at + i, 1) : __builtin_prefetch(at + i, 0);
  }
}

/// `steps` times eight multiply-adds of 16 floats, that depend on those of the step before.
[[gnu::noinline]] void run(arrays& of, int steps) {
  V x0 = of.kept[0], x1 = of.kept[1], x2 = of.kept[2], x3 = of.kept[3], x4 = of.kept[4], x5 = of.kept[5],
    x6 = of.kept[6], x7 = of.kept[7];
  const V factor(0.5f), add(0.25f);
  for (std::int64_t i = 0; i < of.rows * negatives; i += tile) {
    const auto at = static_cast<std::size_t>(i);
    ask(of.a.data() + at + tile, false);
    ask(of.b.data() + at + tile, false);
    ask(of.sum.data() + at + tile, true);
    for (std::size_t k = at; k < at + tile; ++k) { of.sum[k] = of.a[k] + of.b[k]; }
    for (int step = 0; step < steps; ++step) {
      x0 = x0 * factor + add;
      x1 = x1 * factor + add;
      x2 = x2 * factor + add;
      x3 = x3 * factor + add;
      x4 = x4 * factor + add;
      x5 = x5 * factor + add;
      x6 = x6 * factor + add;
      x7 = x7 * factor + add;
    }
  }
  const V last[] = {x0, x1, x2, x3, x4, x5, x6, x7};
  for (std::size_t i = 0; i < 8; ++i) { of.kept[i] = last[i]; }
}

}  // namespace

int main() {
  constexpr std::int64_t few = 1600, many = 372800;  // 64 MiB moved, as in bench_report
  constexpr std::array<int, 8> steps{0, 10, 20, 40, 60, 80, 100, 120};
  arrays near(few), far(many);
  std::vector<bench::interleaved::one_run> contenders;
  for (const int each : steps) {
    contenders.push_back(bench::stopwatch([&, each] { run(near, each); }, few, bench::timed_by::processor));
    contenders.push_back(bench::stopwatch([&, each] { run(far, each); }, many, bench::timed_by::processor));
  }
  const bench::interleaved timed(contenders, 11);
  std::printf("multiply-adds a tile   in the cache, ns   from memory, ns   / triad\n");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::printf("%20d   %16.2f   %15.2f   %7.2f\n", steps[i] * 8, timed.of(2 * i).median, timed.of(2 * i + 1).median,
                timed.ratio(2 * i + 1, 1).median);
  }
  return 0;
}
