// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

/// The row function: from scores to loss and gradient in three steps: load, select, evaluate. These are the first two,
/// of one row; detail/column_evaluation.hpp has the third.
namespace dynamicpo::inline v1::detail {

/// A row's scores in arithmetic precision; its negatives are in the buffers.
template <class T>
struct loaded_row {
  T score{0}, ratio{0};
  index negatives = 0;
  defect problem = defect::none;
  index problem_slot = -1;

  DYNAMICPO_HD constexpr void note(defect found, index slot) {
    if (problem == defect::none) {
      problem = found;
      problem_slot = slot;
    }
  }
};

// NaN for an empty sequence: the mean of no tokens.
template <class T, class Stored>
DYNAMICPO_HD constexpr T load(const Stored& stored, std::int32_t length) {
  if (length <= 0) { return T(elementary_float::nan<double>); }
  const T score = static_cast<T>(stored);
  return length == 1 ? score : static_cast<T>(score / T(static_cast<double>(length)));
}

// The derivative by a sum over `length` tokens, of that by their mean; what is empty has the derivative 0.
template <class T>
DYNAMICPO_HD constexpr T per_token(const T& derivative, std::int32_t length) {
  return length <= 1 ? derivative
                     : static_cast<T>(accumulator_of<T>(derivative) / accumulator_of<T>(static_cast<double>(length)));
}

/// The chosen item of a row, and what is wrong with it.
template <class T, class P, class Reference, class Space>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr loaded_row<T> load_chosen(const scores<P, Space>& policy,
                                                                  const Reference& reference, index row) {
  loaded_row<T> loaded;
  const std::int32_t length = policy.chosen_length(row);
  loaded.score = load<T>(policy.chosen(row), length);
  loaded.ratio = loaded.score;
  if constexpr (!std::is_same_v<Reference, reference_free_t>) {
    loaded.ratio = loaded.score - load<T>(reference.chosen(row), reference.chosen_length(row));
  }
  if (length <= 0) { loaded.note(defect::chosen_length, -1); }
  if (!elementary::isfinite(loaded.score)) { loaded.note(defect::chosen_score, -1); }
  if (!elementary::isfinite(loaded.ratio)) { loaded.note(defect::chosen_log_ratio, -1); }
  return loaded;
}

template <class T>
struct loaded_negative {
  T score{0}, ratio{0};
  bool present = false;
  defect problem = defect::none;
};

/// One negative. Masked and empty sequences are not read; a policy score of -inf is an impossible item and leaves the
/// row.
template <class T, class P, class Reference, class Space>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr loaded_negative<T> load_negative(const scores<P, Space>& policy,
                                                                         const Reference& reference, index row,
                                                                         index k) {
  loaded_negative<T> one;
  if (!policy.present(row, k)) { return one; }
  one.score = load<T>(policy.rejected(row, k), policy.rejected_length(row, k));
  one.ratio = one.score;
  bool reference_finite = true;
  if constexpr (!std::is_same_v<Reference, reference_free_t>) {
    const T frozen = load<T>(reference.rejected(row, k), reference.rejected_length(row, k));
    reference_finite = elementary::isfinite(frozen);
    one.ratio = one.score - frozen;
  }
  if (!elementary::isfinite(one.score)) {
    const bool impossible = one.score < T(0);
    if (impossible && reference_finite) { return one; }
    one.problem = impossible ? defect::rejected_log_ratio : defect::rejected_score;
  } else if (!elementary::isfinite(one.ratio)) {
    one.problem = defect::rejected_log_ratio;
  }
  one.present = true;
  return one;
}

/// Step 1: scores, log-ratios and slots of the negatives that take part.
template <class T, class P, class Reference, class Space>
[[gnu::noinline]] constexpr loaded_row<T> load_row(const scores<P, Space>& policy, const Reference& reference,
                                                   index row, row_buffers<T>& lane) {
  loaded_row<T> loaded = load_chosen<T>(policy, reference, row);
  const index count = policy.negatives(row);
  for (index k = 0; k < count; ++k) {
    const loaded_negative<T> one = load_negative<T>(policy, reference, row, k);
    if (!one.present) { continue; }
    if (one.problem != defect::none) { loaded.note(one.problem, k); }
    const auto i = static_cast<std::size_t>(loaded.negatives++);
    lane.score[i] = one.score;
    lane.ratio[i] = one.ratio;
    lane.slot[i] = static_cast<std::int32_t>(k);
  }
  return loaded;
}

/// The negatives that take part, as a selection sees them. Beta and selection are constants to the gradient.
template <class T>
constexpr select::row_scores<T> visible(const loaded_row<T>& loaded, const row_buffers<T>& lane, index row) {
  return {loaded.score, std::span<const T>(lane.score).first(static_cast<std::size_t>(loaded.negatives)), row};
}

/// A selection's flags, compiled once for all pipelines.
template <class Select, class T>
[[gnu::noinline]] constexpr selection_rule flag(const Select& select, const select::row_scores<T>& row,
                                                std::span<std::uint8_t> selected, select::scratch<T>& scratch) {
  return select(row, selected, scratch);
}

template <class T>
struct selected_row {
  index count = 0;
  selection_rule rule = selection_rule::none;
};

/// Step 2: flags and indices of the selected negatives. A row with a defect (reached only under nonfinite::propagate)
/// keeps all of them: its scores have no order to select by.
template <class Select, class T>
constexpr selected_row<T> select_row(const Select& select, const loaded_row<T>& loaded, index row,
                                     row_buffers<T>& lane) {
  const auto size = static_cast<std::size_t>(loaded.negatives);
  const auto flags = std::span<std::uint8_t>(lane.selected).first(size);
  selected_row<T> result;
  if (size == 0) { return result; }
  auto scratch = lane.scratch();
  if (loaded.problem == defect::none) {
    result.rule = flag(select, visible(loaded, lane, row), flags, scratch);
  } else {
    result.rule = select::all{}(visible(loaded, lane, row), flags, scratch);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (flags[i] != 0) { lane.pick[static_cast<std::size_t>(result.count++)] = static_cast<std::int32_t>(i); }
  }
  return result;
}

}  // namespace dynamicpo::inline v1::detail
