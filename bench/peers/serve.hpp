// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "cases/bench_case.hpp"
#include "report/stopwatch.hpp"

namespace bench {

/// Answers the questions of a peer_process: `prepare(name)` gives the stopwatch of what is named, or throws what it
/// lacks.
template <class Prepare>
int serve_names(Prepare prepare) {
  std::puts("ready");
  std::fflush(stdout);
  std::string asked, prepared;
  std::optional<stopwatch> watch;
  while (std::getline(std::cin, asked)) {
    try {
      if (asked != prepared) {
        watch.reset();
        watch = prepare(asked);
        prepared = asked;
      }
      const double figure = (*watch)();
      // Worker threads that still spin for more work would slow the next contender.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      std::printf("%.6g\n", figure);
    } catch (const std::exception& error) { std::printf("%s\n", error.what()); }
    std::fflush(stdout);
  }
  return 0;
}

/// The same, of cases.
template <class Prepare>
int serve(Prepare prepare) {
  return serve_names([&](const std::string& name) {
    const auto wanted = parse_case(name);
    if (!wanted) { throw std::invalid_argument("no such case"); }
    return prepare(*wanted);
  });
}

}  // namespace bench
