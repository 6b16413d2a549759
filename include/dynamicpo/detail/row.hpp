// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

/// The row function: one row from scores to loss and gradient, in three steps over the buffers of a lane.
namespace dynamicpo::inline v1::detail {

/// A row's scores in arithmetic precision; its negatives are in the buffers.
template <class T>
struct loaded_row {
  T score{0}, ratio{0};
  index negatives = 0;
  defect problem = defect::none;
  index problem_slot = -1;

  constexpr void note(defect found, index slot) {
    if (problem == defect::none) {
      problem = found;
      problem_slot = slot;
    }
  }
};

// NaN for an empty sequence: the mean of no tokens.
template <class T, class Stored>
constexpr T load(const Stored& stored, std::int32_t length) {
  if (length <= 0) { return T(std::numeric_limits<double>::quiet_NaN()); }
  const T score = static_cast<T>(stored);
  return length == 1 ? score : static_cast<T>(score / T(static_cast<double>(length)));
}

/// Step 1: scores, log-ratios and slots of the negatives that take part. Masked and empty sequences are not read;
/// a policy score of -inf is an impossible item and leaves the row.
template <class T, class P, class Reference, class Space>
constexpr loaded_row<T> load_row(const scores<P, Space>& policy, const Reference& reference, index row,
                                 row_buffers<T>& lane) {
  constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
  loaded_row<T> loaded;
  if (policy.chosen_length(row) <= 0) { loaded.note(defect::chosen_length, -1); }
  loaded.score = load<T>(policy.chosen(row), policy.chosen_length(row));
  loaded.ratio = loaded.score;
  if constexpr (has_reference) { loaded.ratio = loaded.score - load<T>(reference.chosen(row), reference.chosen_length(row)); }
  if (!elementary::isfinite(loaded.score)) { loaded.note(defect::chosen_score, -1); }
  if (!elementary::isfinite(loaded.ratio)) { loaded.note(defect::chosen_log_ratio, -1); }

  const index count = policy.negatives(row);
  for (index k = 0; k < count; ++k) {
    if (!policy.present(row, k)) { continue; }
    const T score = load<T>(policy.rejected(row, k), policy.rejected_length(row, k));
    T ratio = score;
    bool reference_finite = true;
    if constexpr (has_reference) {
      const T reference_score = load<T>(reference.rejected(row, k), reference.rejected_length(row, k));
      reference_finite = elementary::isfinite(reference_score);
      ratio = score - reference_score;
    }
    if (!elementary::isfinite(score)) {
      const bool impossible = score < T(0);
      if (impossible && reference_finite) { continue; }
      loaded.note(impossible ? defect::rejected_log_ratio : defect::rejected_score, k);
    } else if (!elementary::isfinite(ratio)) {
      loaded.note(defect::rejected_log_ratio, k);
    }
    const auto i = static_cast<std::size_t>(loaded.negatives++);
    lane.score[i] = score;
    lane.ratio[i] = ratio;
    lane.slot[i] = static_cast<std::int32_t>(k);
  }
  return loaded;
}

/// The negatives that take part, as a selection sees them. Beta and selection are constants to the gradient.
template <class T>
constexpr select::row_scores<T> visible(const loaded_row<T>& loaded, const row_buffers<T>& lane, index row) {
  return {loaded.score, std::span<const T>(lane.score).first(static_cast<std::size_t>(loaded.negatives)), row};
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
    result.rule = select(visible(loaded, lane, row), flags, scratch);
  } else {
    result.rule = select::all{}(visible(loaded, lane, row), flags, scratch);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (flags[i] != 0) { lane.pick[static_cast<std::size_t>(result.count++)] = static_cast<std::int32_t>(i); }
  }
  return result;
}

/// Mean policy score of the negatives left out by the selection; of the selected ones when none is left out.
template <class T>
constexpr accumulator_of<T> mean_of_rest(index negatives, index selected, const row_buffers<T>& lane) {
  const bool none_left = selected == negatives;
  accumulator_of<T> total(0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(negatives); ++i) {
    if (none_left || lane.selected[i] == 0) { total += lane.score[i]; }
  }
  return total / accumulator_of<T>(static_cast<double>(none_left ? selected : negatives - selected));
}

template <class T>
struct evaluated_row {
  T loss{0};
  T link_slope{0};
  T chosen_gradient{0};
  bool underflow = false;
  bool overflow = false;
};

/// Step 3: margins, loss, and when asked dL/ds of chosen and selected (left in lane.weight). count >= 1.
template <bool WithGradient, class T, class Beta, class Objective>
constexpr evaluated_row<T> evaluate_row(const Beta& beta, const Objective& objective, const loaded_row<T>& loaded,
                                        index count, row_buffers<T>& lane) {
  using traits = scalar_traits<T>;
  const auto size = static_cast<std::size_t>(count);
  const auto& margin = objective.margin;
  const T chosen_utility = margin.utility(loaded.score, loaded.ratio);
  accumulator_of<T> mean_rest(0);
  if constexpr (Beta::needs_rest) { mean_rest = mean_of_rest(loaded.negatives, count, lane); }

  evaluated_row<T> result;
  result.underflow = std::remove_cvref_t<decltype(margin)>::can_underflow && chosen_utility == T(0);
  for (std::size_t j = 0; j < size; ++j) {
    const auto i = static_cast<std::size_t>(lane.pick[j]);
    lane.beta[j] = traits::detach(beta(dynamicpo::beta::context<T>{loaded.score, lane.score[i], mean_rest}));
    lane.utility[j] = margin.utility(lane.score[i], lane.ratio[i]);
    lane.weight[j] = lane.beta[j] * (chosen_utility - lane.utility[j]) - T(margin.target());
    result.underflow = result.underflow && lane.utility[j] == T(0);
  }

  const auto weights = std::span<T>(lane.weight).first(size);
  const T z = objective.aggregate.reduce(weights);
  result.overflow = !elementary::isfinite(z);
  result.loss = objective.link.value(z);
  if constexpr (!WithGradient) { return result; }

  result.link_slope = objective.link.derivative(z);
  const T chosen_slope = margin.slope(chosen_utility);
  accumulator_of<T> chosen(0);
  for (std::size_t j = 0; j < size; ++j) {
    const T pull = lane.beta[j] * (result.link_slope * weights[j]);
    chosen += pull * chosen_slope;
    weights[j] = -(pull * margin.slope(lane.utility[j]));
  }
  result.chosen_gradient = static_cast<T>(chosen);
  return result;
}

}  // namespace dynamicpo::inline v1::detail
