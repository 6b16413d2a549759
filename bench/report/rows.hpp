// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cases/bench_case.hpp"

namespace bench {

/// A row of the report: a case, and what else it is compared with.
struct report_row {
  bench_case what;
  std::vector<std::string> peers{};
};

inline std::vector<report_row> report_rows() {
  using enum work;
  using enum layout;
  const std::vector<std::string> expressions{"libtorch", "libtorch-margins", "eigen", "xtensor"};
  std::vector<report_row> rows;
  const auto add = [&](bench_case what, std::vector<std::string> peers = {}) {
    rows.push_back({what, std::move(peers)});
  };

  // The losses at the memory limit. Neighbours share a batch.
  for (const bool f64 : {false, true}) {
    for (const std::int64_t k : {15, 1024}) {
      for (const work objective : {dmpo, sdpo, mppo}) {
        std::vector<std::string> peers{"plain"};
        if (k == 15 && !f64 && objective != mppo) { peers.insert(peers.end(), expressions.begin(), expressions.end()); }
        add({.work = objective, .double_precision = f64, .negatives = k}, peers);
      }
    }
  }
  for (const std::int64_t k : {1, 3, 5, 19, 32, 64, 256, 4096}) {
    for (const work objective : {dmpo, sdpo}) { add({.work = objective, .negatives = k}); }
  }

  // DynamicPO: violators end the selection early.
  add({.work = dmpo, .dynamic = true, .violators = 0}, {"plain", "python"});
  add({.work = sdpo, .dynamic = true, .violators = 0});
  add({.work = mppo, .dynamic = true, .violators = 0});
  add({.work = dmpo, .dynamic = true, .violators = 50}, {"plain"});
  add({.work = dmpo, .dynamic = true, .violators = 100});
  add({.work = dmpo, .dynamic = true, .double_precision = true, .violators = 0});
  for (const std::int64_t k : {5, 19, 32, 64, 256, 1024}) {
    add({.work = dmpo, .dynamic = true, .negatives = k, .violators = 0}, {"plain"});
  }
  add({.work = select, .violators = 0});
  add({.work = select, .negatives = 4096, .violators = 0}, {"std::sort"});

  // Ragged and masked against dense rows of the same total.
  for (const layout shape : {ragged, masked}) {
    for (const work objective : {dmpo, sdpo}) { add({.work = objective, .layout = shape}, {"dense"}); }
    add({.work = dmpo, .dynamic = true, .layout = shape, .violators = 0}, {"dense"});
  }

  // Threads against one: at the memory limit, bound by arithmetic, and small batches.
  add({.work = dmpo, .threads = true}, {"seq", "libtorch", "libtorch-margins"});
  add({.work = sdpo, .threads = true}, {"seq", "libtorch", "libtorch-margins"});
  add({.work = dmpo, .dynamic = true, .threads = true, .violators = 0}, {"seq"});
  for (const std::int64_t few : {16, 256, 4096}) {
    add({.work = dmpo, .rows = few});
    add({.work = dmpo, .threads = true, .rows = few}, {"seq"});
    add({.work = dmpo, .dynamic = true, .threads = true, .violators = 0, .rows = few}, {"seq"});
  }
  return rows;
}

}  // namespace bench
