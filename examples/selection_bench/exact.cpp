// SPDX-License-Identifier: MIT
#include "selection_bench/exact.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace selection_bench {
namespace {

// An interval that grows by one value at a time; sums are of distances from the first, so that nothing cancels.
class interval {
 public:
  void add(double value) {
    if (count_ == 0) origin_ = value;
    const long double away = static_cast<long double>(value) - origin_;
    count_ += 1;
    first_ += away;
    second_ += away * away;
  }
  long double cost() const { return count_ == 0 ? 0 : second_ - first_ * first_ / count_; }

 private:
  long double origin_ = 0, count_ = 0, first_ = 0, second_ = 0;
};

// Least value of the top interval. Equal values are never cut apart, and without three distinct ones each is its own.
double least_of_top(std::vector<double> sorted) {
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  const auto begins = [&](std::size_t i) { return sorted[i - 1] < sorted[i]; };
  std::size_t distinct = 1;
  for (std::size_t i = 1; i < n; ++i) distinct += begins(i) ? 1u : 0u;
  if (distinct < 3) return sorted.back();

  std::vector<long double> lower(n), upper(n), best(n, std::numeric_limits<long double>::infinity());
  interval growing;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    growing.add(sorted[i]);
    lower[i + 1] = growing.cost();  // of what is below i + 1
  }
  growing = {};
  for (std::size_t j = n; j-- > 1;) {
    growing.add(sorted[j]);
    upper[j] = growing.cost();
  }
  long double optimum = std::numeric_limits<long double>::infinity();
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (!begins(i)) continue;
    interval middle;
    for (std::size_t j = i + 1; j < n; ++j) {
      middle.add(sorted[j - 1]);
      if (!begins(j)) continue;
      best[j] = std::min(best[j], lower[i] + middle.cost() + upper[j]);
      optimum = std::min(optimum, best[j]);
    }
  }
  const long double tie = 1 + 8 * static_cast<long double>(n) * std::numeric_limits<double>::epsilon();
  std::size_t cut = 2;
  while (!(best[cut] <= optimum * tie)) ++cut;
  return sorted[cut];
}

}  // namespace

std::vector<std::uint8_t> exact_boundary(double chosen, std::span<const double> rejected) {
  if (rejected.empty()) return {};
  const double highest = *std::max_element(rejected.begin(), rejected.end());
  const double least = highest < chosen ? least_of_top({rejected.begin(), rejected.end()}) : chosen;
  std::vector<std::uint8_t> flags;
  for (const double score : rejected) flags.push_back(score >= least ? 1 : 0);
  return flags;
}

std::vector<std::uint8_t> exact_boundaries(const score_rows& rows) {
  std::vector<std::uint8_t> flags;
  flags.reserve(rows.rejected.size());
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto of_row = exact_boundary(rows.chosen[row], rows.rejected_of(row));
    flags.insert(flags.end(), of_row.begin(), of_row.end());
  }
  return flags;
}

}  // namespace selection_bench
