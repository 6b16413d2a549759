// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/device_batch.cuh"
#include "dynamicpo/detail/overlap.hpp"
#include "dynamicpo/evaluate.hpp"
#include "dynamicpo/exec/cuda.cuh"
#include "dynamicpo/outputs.hpp"
#include "dynamicpo/pipeline.hpp"

/// `loss` and `loss_and_gradient` on a CUDA device.
namespace dynamicpo::inline v1 {

/// What a call on a stream will find. `get` waits for the stream and answers as the call on the host would, with what
/// it throws; after a replay of a graph that captured the call it answers for the replay. Holds the call's memory when
/// that came from the stream's pool, and gives it back in the order of the stream.
template <class T>
class pending {
 public:
  using result_type = evaluation<T, no_instruments>;

  pending() = default;
  explicit pending(detail::call_in_flight<accumulator_of<T>>&& call) : call_{std::move(call)} {}

  /// \throws cuda_error; std::domain_error and std::invalid_argument as the call on the host.
  result_type get() const {
    const auto found = call_.totals();
    result_type result;
    static_cast<row_counts&>(result) = found.total.counts;
    result.loss = found.loss;
    call_.report(result);
    return result;
  }

 private:
  detail::call_in_flight<accumulator_of<T>> call_;
};

namespace detail {

template <class P, class R>
void require_same_device_shape(const char* where, const char* name, const scores<P, space::device>& policy,
                               const scores<R, space::device>& other) {
  const bool same = policy.rows() == other.rows() && policy.offsets_data() == other.offsets_data() &&
                    (policy.ragged() || policy.rows() == 0 || policy.longest_row() == other.longest_row());
  if (same) { return; }
  if (policy.ragged() || other.ragged()) {
    throw_invalid(where, std::string(name) + " does not share the offsets of policy, as ragged rows on a device do");
  }
  throw_invalid(where, "policy is " + policy.shape() + ", " + name + " is " + other.shape());
}

template <bool WithGradient, class Pipeline, class P, class Reference>
pending<compute_of<P>> evaluate_on_device(const char* where, const exec::cuda_stream& exec, const Pipeline& pipeline,
                                          const scores<P, space::device>& policy, const Reference& reference,
                                          const outputs<std::remove_const_t<P>, space::device>& out) {
  using compute = compute_of<P>;
  using accumulator = accumulator_of<P>;
  using stored = std::remove_const_t<P>;
  require_device_selection<typename Pipeline::select_type>();
  constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
  if constexpr (has_reference) {
    require_same_device_shape(where, "reference", policy, reference);
    check_marks(where, policy, reference);
  }
  if constexpr (WithGradient) {
    require_same_device_shape(where, "gradient", policy, out.gradient);
    if (!policy.ragged()) {
      require_entries_apart(where, out.gradient);
      require_row_wise_safe(where, out.gradient, "policy", policy);
      if constexpr (has_reference) { require_row_wise_safe(where, out.gradient, "reference", reference); }
    }
  } else if (out.gradient.rows() != 0) {
    throw_invalid(where, "writes no gradient; call loss_and_gradient");
  }
  require_room(where, "row_loss", out.row_loss, policy.rows());
  if (!policy.ragged()) { require_room(where, "effective_beta", out.effective_beta, policy.flat(policy.rows())); }
  if (policy.rows() == 0) { return pending<compute>({where, out.nonfinite}); }

  const index longest = policy.longest_row();
  const chunk_plan plan = chunk_plan::of(policy.rows(), rows_at_a_time(longest, policy.ragged()));
  using row_work = row_by_group<WithGradient, Pipeline, P, Reference, space::device>;
  const auto layout = device_layout::of<accumulator>(
      plan, long_row_memory::bytes_of_call<compute>(longest, policy.ragged(), plan.chunks, row_work::sorts));
  call_in_flight<accumulator> call(where, out.nonfinite, exec, layout);
  const total_room<accumulator> room = call.room();

  const reduction_plan reduction{out.reduction == reduction::mean, out.nonfinite == nonfinite::propagate};
  const accumulator scale =
      reduction.averaged ? accumulator(1) / accumulator(static_cast<double>(policy.rows())) : accumulator(1);
  const row_work work{pipeline,
                      policy,
                      reference,
                      {out.gradient, out.row_loss.data(), out.effective_beta.data(), out.nonfinite, scale}};
  launch<accumulator>(exec.stream, work, plan, reduction, room, call.memory() + layout.columns);
  if constexpr (WithGradient) {
    if (reduction.averaged) {
      const index blocks = policy.rows() < 4096 ? policy.rows() : 4096;
      launch_kernel(exec.stream, blocks, 128, rescale_gradient<stored, accumulator>, out.gradient, reduction,
                    room.result);
    }
  }
  return pending<compute>(std::move(call));
}

}  // namespace detail

/// `loss` of a batch in device memory, in the order of the policy's stream; returns at once. As on the host, but:
/// offsets of ragged rows are taken on trust (see score/device_span.hpp), `reference_free` or the same space for the
/// reference, and selections are all, violators, threshold, boundary or top_k. Bits do not depend on the device or on
/// what else runs there; sums over negatives take another order than the host's.
/// \throws std::invalid_argument when shapes differ; cuda_error when a call of the runtime fails.
template <class Select, class Beta, class Objective, class P, class Reference>
auto loss(const exec::cuda_stream& exec, const pipeline<Select, Beta, Objective>& pipeline,
          const scores<P, space::device>& policy, const Reference& reference,
          const outputs<std::remove_const_t<P>, space::device>& out = {}) {
  using used = dynamicpo::pipeline<Select, Beta, Objective>;
  return detail::evaluate_on_device<false>("loss", exec, pipeline, policy, detail::used_reference<used>(reference),
                                           out);
}

/// Loss and gradient in one pass over the scores; everything as for `loss`. Under reduction::mean one more kernel
/// follows, which returns at once when every row entered.
template <class Select, class Beta, class Objective, class P, class Reference>
auto loss_and_gradient(const exec::cuda_stream& exec, const pipeline<Select, Beta, Objective>& pipeline,
                       const scores<P, space::device>& policy, const Reference& reference,
                       const outputs<std::remove_const_t<P>, space::device>& out) {
  using used = dynamicpo::pipeline<Select, Beta, Objective>;
  return detail::evaluate_on_device<true>("loss_and_gradient", exec, pipeline, policy,
                                          detail::used_reference<used>(reference), out);
}

}  // namespace dynamicpo::inline v1
