// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/overlap.hpp"
#include "dynamicpo/detail/row_evaluation.hpp"
#include "dynamicpo/exec/policy.hpp"
#include "dynamicpo/instruments.hpp"
#include "dynamicpo/outputs.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/result.hpp"
#include "dynamicpo/score/scores.hpp"
#include "dynamicpo/workspace.hpp"

namespace dynamicpo::inline v1 {

namespace detail {

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

/// Whether gradients of long rows and wide tiles are written past the caches: there are many, and not over the scores
/// just read.
template <class T, class P, class Space>
bool exceeds_caches(const scores<T, Space>& gradient, const scores<P, Space>& policy) {
  const auto entries = static_cast<std::size_t>(gradient.flat(gradient.rows()) - gradient.flat(0));
  return entries * sizeof(T) >= stream_bytes && static_cast<const void*>(gradient.rejected_matrix().data) !=
                                                    static_cast<const void*>(policy.rejected_matrix().data);
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
      {pipeline, policy, reference, out, averaged ? static_cast<accumulator>(accumulator(1) / batch) : accumulator(1),
       WithGradient && exceeds_caches(out.gradient, policy)}};
  const group_total<compute> total = for_each_block<compute>(exec, plan, out.workspace, row_work);

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
/// \throws std::invalid_argument when shapes differ (both in the text); std::domain_error under nonfinite::throw_,
///         after every output is written.
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
/// required. No gradient flows through selection or beta. With reduction::mean and rows that do not count, one more
/// pass over the gradient rescales it. Source of each objective: its header.
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
