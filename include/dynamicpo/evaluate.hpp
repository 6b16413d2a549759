// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/overlap.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/exec/policy.hpp"
#include "dynamicpo/instruments.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

namespace dynamicpo::inline v1 {

/// Where results go and how. Everything is optional. T is the element type of the policy scores.
template <class T, class Space = space::host>
struct outputs {
  /// Gradient of the reduced loss with respect to the policy scores, overwritten; 0 for what does not enter. Shape of
  /// the policy. May be the policy or reference memory itself (exactly in place); any other overlap is refused, among
  /// its own entries too.
  scores<T, Space> gradient{};
  /// [B] loss of each row, unreduced; 0 for empty rows, NaN for invalid ones. Must not overlap an input.
  std::span<compute_of<T>> row_loss{};
  /// By flat position: beta_i of the selected negatives, 0 elsewhere. Must not overlap an input.
  std::span<compute_of<T>> effective_beta{};
  dynamicpo::reduction reduction = reduction::mean;
  dynamicpo::nonfinite nonfinite = nonfinite::throw_;
  /// Reused between calls when given; allocated for the call otherwise.
  dynamicpo::workspace<compute_of<T>>* workspace = nullptr;
};

namespace detail {

template <class T>
struct instrument_row {
  template <class Objective>
  static void record(const Objective& objective, const loaded_row<T>& loaded, index row, index count,
                     const evaluated_row<T>& result, row_buffers<T>& lane, instruments<accumulator_of<T>>& seen) {
    const auto size = static_cast<std::size_t>(loaded.negatives);
    seen.selected += count;
    seen.saturated_rows += elementary::abs(result.link_slope) < T(1e-3) ? 1 : 0;

    const T chosen = objective.margin.utility(loaded.score, loaded.ratio);
    std::int64_t ties = 0, losses = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const T rejected = objective.margin.utility(lane.score[i], lane.ratio[i]);
      ties += chosen == rejected ? 1 : 0;
      losses += chosen < rejected ? 1 : 0;
    }
    seen.pair_losses += losses;
    seen.pair_ties += ties;
    seen.pair_wins += loaded.negatives - losses - ties;
    ++(losses > 0 ? seen.row_losses : ties > 0 ? seen.row_ties : seen.row_wins);

    auto scratch = lane.scratch();
    select::boundary{}(visible(loaded, lane, row), std::span<std::uint8_t>(lane.boundary).first(size), scratch);
    for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) {
      const accumulator_of<T> pull(elementary::abs(lane.weight[j]));
      seen.beta_sum += lane.beta[j];
      seen.gradient_sum += pull;
      if (lane.boundary[static_cast<std::size_t>(lane.pick[j])] != 0) { seen.boundary_gradient_sum += pull; }
    }
  }
};

template <class T, class Space>
void clear_row(const scores<T, Space>& gradient, index row) {
  gradient.chosen(row) = static_cast<T>(0.0f);
  for (index k = 0; k < gradient.negatives(row); ++k) { gradient.rejected(row, k) = static_cast<T>(0.0f); }
}

/// Sees each row through the three steps and writes what is asked for.
template <bool WithGradient, bool WithInstruments, class Pipeline, class P, class Reference, class Space>
struct row_evaluation {
  using stored = std::remove_const_t<P>;
  using compute = compute_of<P>;

  const Pipeline& pipeline;
  const scores<P, Space>& policy;
  const Reference& reference;
  const outputs<stored, Space>& out;
  accumulator_of<compute> scale;
  compute not_a_number = compute(std::numeric_limits<double>::quiet_NaN());

  void operator()(index row, row_buffers<compute>& lane, group_total<compute>& total) const {
    using aggregate = std::remove_cvref_t<decltype(pipeline.objective.aggregate)>;
    loaded_row<compute> loaded = load_row(policy, reference, row, lane);
    if constexpr (WithGradient) { clear_row(out.gradient, row); }
    const auto first = static_cast<std::size_t>(policy.flat(row));
    if (!out.effective_beta.empty()) {
      const auto betas = out.effective_beta.subspan(first, static_cast<std::size_t>(policy.negatives(row)));
      std::fill(betas.begin(), betas.end(), compute(0));
    }
    const bool propagate = out.nonfinite == nonfinite::propagate;
    if (loaded.problem != defect::none && !propagate) { return invalid(row, loaded, total); }

    const selected_row<compute> chosen_few = select_row(pipeline.select, loaded, row, lane);
    const bool too_many = chosen_few.count > aggregate::max_negatives;
    if (loaded.problem == defect::none && too_many) {
      loaded.note(defect::too_many_negatives, -1);
      return invalid(row, loaded, total);
    }
    if (loaded.problem == defect::none && chosen_few.count == 0) {
      ++total.counts.empty_rows;
      return write_loss(row, compute(0));
    }
    const index count = too_many ? 0 : chosen_few.count;
    evaluated_row<compute> result;
    if (count > 0) {
      result = evaluate_row<WithGradient || WithInstruments>(pipeline.beta, pipeline.objective, loaded, count, lane);
    } else {  // propagate, and no negatives that the objective could take
      result.loss = result.chosen_gradient = not_a_number;
    }
    if (result.overflow) { loaded.note(defect::margin, -1); }
    if (loaded.problem != defect::none) {
      if (!propagate) { return invalid(row, loaded, total); }
      note_invalid(total.counts, row, loaded.problem, loaded.problem_slot);
    } else {
      ++total.counts.rows;
      total.counts.underflow_rows += result.underflow ? 1 : 0;
      if constexpr (WithInstruments) {
        instrument_row<compute>::record(pipeline.objective, loaded, row, count, result, lane, total.seen);
      }
    }
    total.loss += result.loss;
    write_loss(row, result.loss);
    for (std::size_t j = 0; j < static_cast<std::size_t>(count); ++j) {
      const index slot = lane.slot[static_cast<std::size_t>(lane.pick[j])];
      if constexpr (WithGradient) {
        out.gradient.rejected(row, slot) = scaled(lane.weight[j], policy.rejected_length(row, slot));
      }
      if (!out.effective_beta.empty()) { out.effective_beta[first + static_cast<std::size_t>(slot)] = lane.beta[j]; }
    }
    if constexpr (WithGradient) {
      out.gradient.chosen(row) = scaled(result.chosen_gradient, policy.chosen_length(row));
    }
  }

 private:
  void invalid(index row, const loaded_row<compute>& loaded, group_total<compute>& total) const {
    note_invalid(total.counts, row, loaded.problem, loaded.problem_slot);
    write_loss(row, not_a_number);
  }
  void write_loss(index row, const compute& loss) const {
    if (!out.row_loss.empty()) { out.row_loss[static_cast<std::size_t>(row)] = loss; }
  }
  // The score is a sum over `length` tokens divided by it, so is its derivative; scale is the reduction's.
  stored scaled(const compute& derivative, std::int32_t length) const {
    const accumulator_of<compute> factor = length == 1 ? scale : static_cast<accumulator_of<compute>>(
        scale / accumulator_of<compute>(static_cast<double>(length)));
    return static_cast<stored>(static_cast<compute>(accumulator_of<compute>(derivative) * factor));
  }
};

template <class T, class Space, class Exec>
void rescale(const Exec& exec, const block_plan& plan, workspace<compute_of<T>>* work, const scores<T, Space>& gradient,
             const accumulator_of<T>& factor) {
  using compute = compute_of<T>;
  const auto times = [&](T& entry) {
    entry = static_cast<T>(static_cast<compute>(accumulator_of<T>(static_cast<compute>(entry)) * factor));
  };
  for_each_row<compute>(exec, plan, work, [&](index row, auto&, auto&) {
    times(gradient.chosen(row));
    for (index k = 0; k < gradient.negatives(row); ++k) { times(gradient.rejected(row, k)); }
  });
}

template <bool WithGradient, bool WithInstruments, class Exec, class Pipeline, class P, class Space, class Reference>
auto evaluate(const char* where, const Exec& exec, const Pipeline& pipeline, const scores<P, Space>& policy,
              const Reference& reference, const outputs<std::remove_const_t<P>, Space>& out) {
  using compute = compute_of<P>;
  using accumulator = accumulator_of<P>;
  using seen_type = std::conditional_t<WithInstruments, instruments<accumulator>, no_instruments>;

  check_reference(where, policy, reference);
  if constexpr (WithGradient) {
    require_same_shape(where, "gradient", policy, out.gradient);
    require_entries_apart(where, out.gradient);
    require_row_wise_safe(where, out.gradient, "policy", policy);
    if constexpr (!std::is_same_v<Reference, reference_free_t>) {
      require_row_wise_safe(where, out.gradient, "reference", reference);
    }
  } else if (out.gradient.rows() != 0) {
    throw_invalid(where, "writes no gradient; call loss_and_gradient");
  }
  require_room(where, "row_loss", out.row_loss, policy.rows());
  require_room(where, "effective_beta", out.effective_beta, policy.flat(policy.rows()));

  const block_plan plan = block_plan::of(policy);
  const bool averaged = out.reduction == reduction::mean && plan.rows > 0;
  const accumulator batch(static_cast<double>(plan.rows));
  const row_evaluation<WithGradient, WithInstruments, Pipeline, P, Reference, Space> row_work{
      pipeline, policy, reference, out, averaged ? static_cast<accumulator>(accumulator(1) / batch) : accumulator(1)};
  const group_total<compute> total = for_each_row<compute>(exec, plan, out.workspace, row_work);

  evaluation<compute, seen_type> result;
  static_cast<row_counts&>(result) = total.counts;
  result.loss = total.loss;
  if constexpr (WithInstruments) { result.instruments = total.seen; }
  // The mean is over the rows that entered; how many did is known only now.
  const index entered = total.counts.rows + (out.nonfinite == nonfinite::propagate ? total.counts.invalid_rows : 0);
  if (averaged && entered > 0) {
    const accumulator divisor(static_cast<double>(entered));
    result.loss = result.loss / divisor;
    if constexpr (WithGradient) {
      if (entered != plan.rows) {
        rescale(exec, plan, out.workspace, out.gradient, static_cast<accumulator>(batch / divisor));
      }
    }
  }
  report_invalid(where, total.counts, out.nonfinite);
  return result;
}

template <class Pipeline, class T>
concept pipeline_for = selection<typename Pipeline::select_type, T> && beta_rule<typename Pipeline::beta_type, T> &&
                       objective_for<typename Pipeline::objective_type, T>;

/// Says in one sentence what is wrong with the arguments, before anything else is instantiated.
template <class Exec, class Pipeline, class P, class Space, class Reference>
constexpr bool arguments_fit() {
  using T = compute_of<P>;
  static_assert(score_value<P>, "dynamicpo: the score type is no scalar; specialise scalar_traits for it");
  static_assert(selection<typename Pipeline::select_type, T>,
                "dynamicpo: pipeline.select is no selection; see dynamicpo/select/concept.hpp");
  static_assert(beta_rule<typename Pipeline::beta_type, T>,
                "dynamicpo: pipeline.beta is no beta rule; see dynamicpo/beta/concept.hpp");
  static_assert(objective_for<typename Pipeline::objective_type, T>,
                "dynamicpo: pipeline.objective is no objective; see dynamicpo/objective/compose.hpp");
  return same_space<Exec, Space>() && score_value<P> && pipeline_for<Pipeline, T>;
}

/// An objective that reads no reference is given none, so that it cannot be mistaken for one that does.
template <class Pipeline, class Reference>
constexpr const auto& used_reference(const Reference& reference) {
  using margin = std::remove_cvref_t<decltype(std::declval<Pipeline>().objective.margin)>;
  if constexpr (margin::needs_reference) {
    return reference;
  } else {
    return reference_free;
  }
}

}  // namespace detail

/// Loss of a batch: link(aggregate(m_1..m_n)) over the selected negatives of each row, reduced as asked.
/// \param policy    scores (nats), chosen [B] and rejected [B, K] or ragged; mask and lengths as the view carries them.
/// \param reference the same shape under the frozen reference, with lengths when policy has them and without a mask, or
///                  `reference_free` (log-ratio = score). Not read when the objective uses none (MPPO, SimPO).
/// \param out       `row_loss`, `effective_beta`, `reduction`, `nonfinite`, `workspace`; no `gradient`.
/// \returns the reduced loss (0 when no row counts) and what became of the rows; `with_instruments` as a last argument
///          adds result.instruments.
/// \throws std::invalid_argument when shapes differ (both in the text); std::domain_error under nonfinite::throw_, after
///         every output is written.
/// Cost O(sum of K_b), plus sorting in selections that sort. Bits do not depend on the policy or its thread count. No
/// allocation once `workspace` has seen rows this long.
template <class Exec, class Select, class Beta, class Objective, class P, class Space, class Reference>
auto loss(const Exec& exec, const pipeline<Select, Beta, Objective>& pipeline, const scores<P, Space>& policy,
          const Reference& reference, const outputs<std::remove_const_t<P>, Space>& out = {}) {
  using used = dynamicpo::pipeline<Select, Beta, Objective>;
  if constexpr (detail::arguments_fit<Exec, used, P, Space, Reference>()) {
    return detail::evaluate<false, false>("loss", exec, pipeline, policy, detail::used_reference<used>(reference), out);
  }
}

template <class Exec, class Select, class Beta, class Objective, class P, class Space, class Reference>
auto loss(const Exec& exec, const pipeline<Select, Beta, Objective>& pipeline, const scores<P, Space>& policy,
          const Reference& reference, const outputs<std::remove_const_t<P>, Space>& out, with_instruments_t) {
  using used = dynamicpo::pipeline<Select, Beta, Objective>;
  if constexpr (detail::arguments_fit<Exec, used, P, Space, Reference>()) {
    return detail::evaluate<false, true>("loss", exec, pipeline, policy, detail::used_reference<used>(reference), out);
  }
}

/// Loss and its gradient with respect to the policy scores, in one pass; everything as for `loss`, and out.gradient is
/// required. No gradient flows through selection or beta. With reduction::mean and rows that do not count, one more pass
/// over the gradient rescales it. Source of each objective: its header.
template <class Exec, class Select, class Beta, class Objective, class P, class Space, class Reference>
auto loss_and_gradient(const Exec& exec, const pipeline<Select, Beta, Objective>& pipeline,
                       const scores<P, Space>& policy, const Reference& reference,
                       const outputs<std::remove_const_t<P>, Space>& out) {
  using used = dynamicpo::pipeline<Select, Beta, Objective>;
  if constexpr (detail::arguments_fit<Exec, used, P, Space, Reference>()) {
    return detail::evaluate<true, false>("loss_and_gradient", exec, pipeline, policy,
                                         detail::used_reference<used>(reference), out);
  }
}

template <class Exec, class Select, class Beta, class Objective, class P, class Space, class Reference>
auto loss_and_gradient(const Exec& exec, const pipeline<Select, Beta, Objective>& pipeline,
                       const scores<P, Space>& policy, const Reference& reference,
                       const outputs<std::remove_const_t<P>, Space>& out, with_instruments_t) {
  using used = dynamicpo::pipeline<Select, Beta, Objective>;
  if constexpr (detail::arguments_fit<Exec, used, P, Space, Reference>()) {
    return detail::evaluate<true, true>("loss_and_gradient", exec, pipeline, policy,
                                        detail::used_reference<used>(reference), out);
  }
}

}  // namespace dynamicpo::inline v1
