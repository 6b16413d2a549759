// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "selection_bench/bench.hpp"

namespace selection_bench {

/// Results as a text of tables, what was skipped with its reason.
std::string to_text(const bench_results& results);

/// Results as JSON; what is not a number is null. Equal for equal options and seed but for `ns_per_row` and `machine`.
std::string to_json(const bench_results& results, const std::string& machine);

/// "9.1", "448", "21 us", "1.4 ms": without a unit they are nanoseconds.
std::string short_time(double nanoseconds);
/// ".123", "1.000", "-" where it is not a number.
std::string short_share(double share);
/// ".5412", "-" where it is not a number: a share in four digits.
std::string short_figure(double share);
/// ".032", "< .001", "-" where it is not a number.
std::string short_p(double p);

}  // namespace selection_bench
