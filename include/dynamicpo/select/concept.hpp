// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "dynamicpo/detail/kmeans_1d.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

namespace dynamicpo::inline v1 {

/// Which part of a selection decided a row.
enum class selection_rule : std::uint8_t { none, all, violators, cluster, top_k, random_k, threshold, custom };

namespace select {

/// The policy scores of one row as a selection sees them: only negatives that take part (mask, -inf and empty
/// sequences are gone), all finite. `row` is the row's index in the batch, for counter-based draws.
template <class T>
struct row_scores {
  T chosen;
  std::span<const T> rejected;
  index row = 0;
};

/// Room for a selection to work in, at least `rejected.size() + 1` entries each; contents unspecified.
template <class T>
struct scratch {
  std::span<T> values;
  std::span<accumulator_of<T>> sorted, weights, lower, best;
  std::span<detail::prefix_sums<accumulator_of<T>>> prefix;
  std::span<std::int32_t> tick = {};
};

/// A selection by score alone: everything from `least` up, by `rule`.
template <class T>
struct cut {
  T least;
  selection_rule rule;
};

/// A selection that is such a cut for every row says where with `cut_of(row, scratch)`.
template <class S, class T>
concept cutting = requires(const S& select, const row_scores<T>& row, scratch<T>& scratch) {
  { select.cut_of(row, scratch) } -> std::same_as<cut<T>>;
};

/// A cut that follows from the chosen score alone says so with `least(chosen)`, for numbers and lanes of them.
template <class S>
concept fixed_cut = requires(const S& select, const double& chosen) {
  { select.least(chosen) } -> std::same_as<double>;
};

/// Flags what a cut selects.
template <class T>
constexpr selection_rule mark(const cut<T>& found, std::span<const T> scores, std::span<std::uint8_t> selected) {
  for (std::size_t i = 0; i < selected.size(); ++i) { selected[i] = scores[i] < found.least ? 0 : 1; }
  return found.rule;
}

}  // namespace select

/// A selection marks the negatives that enter the loss: selected[i] = 1 or 0 for every i, and says by which rule. It
/// reads nothing but the row, so it is a pure function of policy scores (and the row index); it does not throw.
template <class S, class T>
concept selection = std::copyable<S> && requires(const S& select, const select::row_scores<T>& row,
                                                 std::span<std::uint8_t> selected, select::scratch<T>& scratch) {
  { select(row, selected, scratch) } -> std::same_as<selection_rule>;
};

}  // namespace dynamicpo::inline v1
