// SPDX-License-Identifier: MIT
// How far arithmetic hides behind memory: a triad over rows of 15, 16 rows at a time, with more and more operations on
// registers between one 16 rows and the next, as any loss has between reading and writing them: multiply-adds and
// additions, as many of each, which wait for nothing but those of their kind some before. Nanoseconds a row with all
// arrays in the cache and with none, the next rows asked for ahead; ratio: of the latter to the triad alone.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "report/interleaved.hpp"
#include "report/stopwatch.hpp"

namespace {

constexpr std::int64_t negatives = 15, rows_together = 16, tile = negatives * rows_together;
constexpr std::size_t bytes = dynamicpo::detail::target_bytes, chains = 6;
using V = dynamicpo::detail::lanes<float, bytes / sizeof(float), bytes>;

struct arrays {
  explicit arrays(std::int64_t count) : rows{count}, a(size(), 1.0f), b(size(), 2.0f), sum(size()) {
    for (std::size_t i = 0; i < chains; ++i) { product[i] = total[i] = V(static_cast<float>(i)); }
  }
  std::size_t size() const { return static_cast<std::size_t>((rows + rows_together) * negatives); }

  std::int64_t rows;
  std::vector<float> a, b, sum;
  V product[chains], total[chains];
};

void ask(const float* at, bool writes) {
  for (std::int64_t i = 0; i < tile; i += 16) {
    writes ? __builtin_prefetch(at + i, 1) : __builtin_prefetch(at + i, 0);
  }
}

/// `steps` times as many multiply-adds and additions of registers as there are chains of each.
[[gnu::noinline]] void run(arrays& of, int steps) {
  V product[chains], total[chains];
  for (std::size_t i = 0; i < chains; ++i) {
    product[i] = of.product[i];
    total[i] = of.total[i];
  }
  const V factor(0.5f), add(0.25f), more(1e-3f);
  for (std::int64_t i = 0; i < of.rows * negatives; i += tile) {
    const auto at = static_cast<std::size_t>(i);
    ask(of.a.data() + at + tile, false);
    ask(of.b.data() + at + tile, false);
    ask(of.sum.data() + at + tile, true);
    for (std::size_t k = at; k < at + tile; ++k) { of.sum[k] = of.a[k] + of.b[k]; }
    for (int step = 0; step < steps; ++step) {
      dynamicpo::detail::unrolled<chains>([&](auto chain) __attribute__((always_inline)) {
        product[chain] = product[chain] * factor + add;
        total[chain] = total[chain] + more;
      });
    }
  }
  for (std::size_t i = 0; i < chains; ++i) {
    of.product[i] = product[i];
    of.total[i] = total[i];
  }
}

}  // namespace

int main() {
  constexpr std::int64_t few = 1600, many = 1491200;  // 256 MiB moved, as in bench_report
  constexpr std::array<int, 8> steps{0, 10, 20, 40, 60, 80, 120, 160};
  arrays near(few), far(many);
  std::vector<bench::interleaved::one_run> contenders;
  for (const int each : steps) {
    contenders.push_back(bench::stopwatch([&, each] { run(near, each); }, few, bench::timed_by::processor));
    contenders.push_back(bench::stopwatch([&, each] { run(far, each); }, many, bench::timed_by::processor));
  }
  const bench::interleaved timed(contenders, 11);
  std::printf("registers of %zu bytes\noperations a tile   in the cache, ns   from memory, ns   / triad\n", bytes);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::printf("%17zu   %16.2f   %15.2f   %7.2f\n", static_cast<std::size_t>(steps[i]) * 2 * chains,
                timed.of(2 * i).median, timed.of(2 * i + 1).median, timed.ratio(2 * i + 1, 1).median);
  }
  return 0;
}
