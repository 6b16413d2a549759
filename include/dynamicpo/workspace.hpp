// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/detail/kmeans_1d.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/instruments.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/select/concept.hpp"

namespace dynamicpo::inline v1 {
namespace detail {

/// Rows are summed up in groups; blocks of groups are what threads take.
inline constexpr index rows_per_group = 32, most_rows_per_block = 1024;

/// Arrays for one row at a time. `score`, `ratio` and `slot` hold the negatives that take part, in order; `selected`
/// flags them; `pick`, `beta`, `utility` and `weight` hold the selected ones, in order.
template <class T>
struct row_buffers {
  std::vector<T> score, ratio, picked_score, beta, utility, weight, values;
  std::vector<std::int32_t> slot, pick;
  std::vector<std::uint8_t> selected, boundary;
  std::vector<accumulator_of<T>> sorted, weights, lower, best;
  std::vector<prefix_sums<accumulator_of<T>>> prefix;
  std::vector<std::int32_t> tick;

  struct alignas(64) block {
    std::byte bytes[64];
  };
  std::vector<block> columns;  // room for five arrays of lanes
  /// Between them: of two places that are as far from the beginning of a page, what is read waits for what was written.
  static constexpr std::size_t lines_apart = 12;

  std::vector<T> loss;  // what each row of a block adds to the loss

  void reserve(index negatives, index rows = 0) {
    if (static_cast<index>(loss.size()) < rows) { loss.resize(static_cast<std::size_t>(rows)); }
    const auto size = static_cast<std::size_t>(negatives) + 1;
    if (score.size() >= size) { return; }
    for (auto* array : {&score, &ratio, &picked_score, &beta, &utility, &weight, &values}) { array->resize(size); }
    for (auto* array : {&slot, &pick}) { array->resize(size); }
    for (auto* array : {&selected, &boundary}) { array->resize(size); }
    for (auto* array : {&sorted, &weights, &lower, &best}) { array->resize(size); }
    if (size > all_pairs_limit<accumulator_of<T>>) { prefix.resize(size); }
    tick.resize(size);
    columns.resize(5 * (size * sizeof(T) / sizeof(block) + 1 + lines_apart));
  }

  select::scratch<T> scratch() { return {values, sorted, weights, lower, best, prefix, tick}; }
};

/// What one group of rows adds up to; groups merge in order.
template <class T>
struct group_total {
  row_counts counts;
  accumulator_of<T> loss{0};
  instruments<accumulator_of<T>> seen{};
};

}  // namespace detail

/// Memory that calls reuse: hand one workspace to successive calls and the later ones allocate nothing, as long as rows
/// and batches get no larger. Not for concurrent calls. T is compute_of the scores; the contents are the library's own.
template <class T>
class workspace {
 public:
  /// Room for `lanes` rows at a time, of up to `negatives` negatives each, and for `groups` group totals; grows, never
  /// shrinks. Calls reserve what they need; reserving ahead keeps the first of them free of allocation too.
  void reserve(index lanes, index negatives, index groups) {
    if (static_cast<index>(lanes_.size()) < lanes) { lanes_.resize(static_cast<std::size_t>(lanes)); }
    const index rows = std::min(groups * detail::rows_per_group, detail::most_rows_per_block);
    for (auto& lane : lanes_) { lane.reserve(negatives, rows); }
    if (static_cast<index>(totals_.size()) < groups) { totals_.resize(static_cast<std::size_t>(groups)); }
  }
  detail::row_buffers<T>& lane(index i) { return lanes_[static_cast<std::size_t>(i)]; }
  detail::group_total<T>& total(index group) { return totals_[static_cast<std::size_t>(group)]; }

 private:
  std::vector<detail::row_buffers<T>> lanes_;
  std::vector<detail::group_total<T>> totals_;
};

}  // namespace dynamicpo::inline v1
