// SPDX-License-Identifier: MIT
#include "toy_llm/baselines.hpp"

#include <algorithm>
#include <cmath>

namespace toy_llm {
namespace {

std::uint64_t unordered_pair(item_id a, item_id b) {
  return static_cast<std::uint64_t>(std::min(a, b)) << 32 | static_cast<std::uint64_t>(std::max(a, b));
}

}  // namespace

popularity_baseline::popularity_baseline(std::span<const ranking_row> rows, std::size_t items) : occurrences_(items) {
  for (const ranking_row& row : rows) {
    for (const item_id item : sequence(row)) ++occurrences_[static_cast<std::size_t>(item)];
  }
}

double popularity_baseline::operator()(std::span<const item_id>, item_id item) const {
  return occurrences_[static_cast<std::size_t>(item)];
}

item_cosine_baseline::item_cosine_baseline(std::span<const ranking_row> rows, std::size_t items) : rows_with_(items) {
  for (const ranking_row& row : rows) {
    std::vector<item_id> present = sequence(row);
    std::sort(present.begin(), present.end());
    present.erase(std::unique(present.begin(), present.end()), present.end());
    for (auto item = present.begin(); item != present.end(); ++item) {
      ++rows_with_[static_cast<std::size_t>(*item)];
      for (auto other = present.begin(); other != item; ++other) ++rows_with_both_[unordered_pair(*other, *item)];
    }
  }
}

double item_cosine_baseline::operator()(std::span<const item_id> history, item_id item) const {
  double sum = 0;
  for (const item_id other : history) {
    const auto both = rows_with_both_.find(unordered_pair(item, other));
    if (both == rows_with_both_.end()) continue;
    const double one = rows_with_[static_cast<std::size_t>(item)], two = rows_with_[static_cast<std::size_t>(other)];
    sum += both->second / std::sqrt(one * two);
  }
  return sum;
}

double expected_hit(double chosen, std::span<const double> negatives) {
  double first = 1;
  for (const double negative : negatives) {
    if (!(negative <= chosen)) return 0;
    if (negative == chosen) ++first;
  }
  return 1 / first;
}

}  // namespace toy_llm
