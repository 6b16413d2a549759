// SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include <array>
#include <optional>
#include <string>

#include "cases/kernels.hpp"

namespace {

using bench::bench_case, bench::layout, bench::work;

/// Benchmarks of one case follow each other and share what was prepared.
const bench::kernel_runs& prepared(const bench_case& wanted) {
  static std::optional<bench_case> held_for;
  static bench::kernel_runs held;
  if (held_for != wanted) {
    held_for.reset();
    held = {};
    held = bench::prepare(wanted);
    held_for = wanted;
  }
  return held;
}

void add(const bench_case& wanted) {
  const auto add_run = [&](const char* which, std::function<void()> bench::kernel_runs::*run) {
    benchmark::RegisterBenchmark((name_of(wanted) + which).c_str(), [=](benchmark::State& state) {
      const auto& work = prepared(wanted).*run;
      for (auto _ : state) { work(); }
      const double rows = static_cast<double>(state.iterations()) * static_cast<double>(wanted.rows);
      state.SetItemsProcessed(static_cast<std::int64_t>(rows));
      state.SetBytesProcessed(static_cast<std::int64_t>(rows * bytes_per_row(wanted)));
    })->UseRealTime();
  };
  add_run("/kernel", &bench::kernel_runs::kernel);
  add_run("/triad", &bench::kernel_runs::triad);
  if (has_raw_twin(wanted)) { add_run("/raw", &bench::kernel_runs::raw); }
}

void add_violator_shares(bench_case wanted) {
  for (const int share : {0, 50, 100}) {
    wanted.violators = share;
    add(wanted);
  }
}

void add_all() {
  constexpr std::array<std::int64_t, 10> sizes{1, 3, 5, 15, 19, 32, 64, 256, 1024, 4096};
  for (const bool double_precision : {false, true}) {
    for (const layout shape : {layout::dense, layout::ragged, layout::masked}) {
      for (const std::int64_t negatives : sizes) {
        for (const std::int64_t rows : sizes) {
          for (const bool threads : {false, true}) {
            bench_case wanted{.double_precision = double_precision,
                              .negatives = negatives,
                              .layout = shape,
                              .threads = threads,
                              .rows = rows};
            for (const work objective : {work::dmpo, work::sdpo, work::mppo}) {
              wanted.work = objective;
              add(wanted);
              bench_case dynamic = wanted;
              dynamic.dynamic = true;
              add_violator_shares(dynamic);
            }
            wanted.work = work::select;
            add_violator_shares(wanted);
          }
        }
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  add_all();
  benchmark::AddCustomContext("kernels", bench::compiled_for());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) { return 1; }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
