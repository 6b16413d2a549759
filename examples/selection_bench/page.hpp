// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "selection_bench/bench.hpp"

namespace selection_bench {

/// One self-contained page: pictures of cost against quality, findings, tables, what was run.
struct page {
  std::string html;
  bool drawn;  ///< false where gnuplot is not installed: the page says so instead of showing pictures of what there is
};

page make_page(const bench_results& results, const std::string& machine);

}  // namespace selection_bench
