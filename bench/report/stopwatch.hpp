// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <functional>
#include <utility>

#include "cases/bench_case.hpp"

namespace bench {

/// What a stopwatch reads. Work on one thread is timed by the processor time it takes, so that what else the machine
/// runs does not count; threads by the time that passes.
enum class timed_by : std::uint8_t { processor, wall };

inline timed_by clock_of(const bench_case& wanted) { return wanted.threads ? timed_by::wall : timed_by::processor; }

/// Times a piece of work. Short ones run as often as it takes for the clock to see them.
class stopwatch {
 public:
  stopwatch(std::function<void()> work, std::int64_t rows, timed_by clock)
      : work_(std::move(work)),
        rows_(rows),
        clock_(clock == timed_by::wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID) {
    constexpr double visible = 200e3;
    repeats_ = 1 + static_cast<std::int64_t>(visible / std::max(1.0, once(1)));
  }

  /// Nanoseconds a row.
  double operator()() const { return once(repeats_) / static_cast<double>(repeats_ * rows_); }

 private:
  double now() const {
    std::timespec time{};
    clock_gettime(clock_, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  }
  double once(std::int64_t repeats) const {
    const double start = now();
    for (std::int64_t i = 0; i < repeats; ++i) { work_(); }
    return now() - start;
  }

  std::function<void()> work_;
  std::int64_t rows_ = 0;
  std::int64_t repeats_ = 1;
  clockid_t clock_;
};

}  // namespace bench
