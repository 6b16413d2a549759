// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace bench {

/// Times a piece of work. Short ones run as often as it takes for the clock to see them.
class stopwatch {
 public:
  stopwatch(std::function<void()> work, std::int64_t rows) : work_(std::move(work)), rows_(rows) {
    constexpr double visible = 200e3;
    repeats_ = 1 + static_cast<std::int64_t>(visible / std::max(1.0, once(1)));
  }

  /// Nanoseconds a row.
  double operator()() const { return once(repeats_) / static_cast<double>(repeats_ * rows_); }

 private:
  double once(std::int64_t repeats) const {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < repeats; ++i) { work_(); }
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
  }

  std::function<void()> work_;
  std::int64_t rows_ = 0;
  std::int64_t repeats_ = 1;
};

}  // namespace bench
