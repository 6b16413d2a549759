// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/device_batch.cuh"
#include "dynamicpo/detail/group_selection.hpp"
#include "dynamicpo/exec/cuda.cuh"
#include "dynamicpo/outputs.hpp"
#include "dynamicpo/select_negatives.hpp"

/// `select_negatives` on a CUDA device: a pass over the scores for each row's cut and count, sums over the counts for
/// where the lists begin, a pass for the lists.
namespace dynamicpo::inline v1 {
namespace detail {

/// Of the block that adds up chunks.
inline constexpr unsigned threads_of_sum = 1024;

/// The numbers of this thread and of those before it in the block, added up. `of_warp`: shared, one a warp, and free
/// again when all threads have met once more.
template <class T>
__device__ T sum_to_here(T own, T* of_warp) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  for (unsigned step = 1; step < 32; step *= 2) {
    const T before = __shfl_up_sync(~0u, own, step);
    own += lane >= step ? before : T(0);
  }
  if (lane == 31) { of_warp[warp] = own; }
  __syncthreads();
  for (unsigned w = 0; w < warp; ++w) { own += of_warp[w]; }
  return own;
}

/// first[i]: negatives selected in the chunks before i. One block.
template <class A>
__global__ void __launch_bounds__(threads_of_sum)
    sum_chunks(const index chunks, const batch_total<A>* chunk, std::int64_t* first) {
  __shared__ std::int64_t of_warp[threads_of_sum / 32], all;
  std::int64_t before = 0;
  for (index start = 0; start < chunks; start += threads_of_sum) {
    const index own = start + threadIdx.x;
    const std::int64_t count = own < chunks ? static_cast<std::int64_t>(static_cast<double>(chunk[own].loss)) : 0;
    const std::int64_t past = before + sum_to_here(count, of_warp);
    if (own < chunks) { first[own] = past - count; }
    if (threadIdx.x == threads_of_sum - 1) { all = past; }
    __syncthreads();
    before = all;
  }
}

/// offsets[row + 1] from a count to where the row's list ends, and the lists; a block a chunk, a warp a row.
template <class P>
__global__ void __launch_bounds__(threads_per_block)
    write_lists(const scores<P, space::device> policy, const chunk_plan plan, const std::int64_t* first_of_chunk,
                const compute_of<P>* least, std::int64_t* offsets, std::int32_t* slots) {
  using T = compute_of<P>;
  constexpr unsigned warps = threads_per_block / 32;
  __shared__ std::int64_t of_warp[warps], begin[threads_per_block + 1];
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const index chunk = blockIdx.x, first = chunk * plan.rows_per_chunk;
  const index end = first + plan.rows_per_chunk < plan.rows ? first + plan.rows_per_chunk : plan.rows;
  std::int64_t before = first_of_chunk[chunk];
  if (chunk == 0 && threadIdx.x == 0) { offsets[0] = 0; }
  for (index start = first; start < end; start += threads_per_block) {
    const index own = start + threadIdx.x;
    const std::int64_t count = own < end ? offsets[own + 1] : 0;
    const std::int64_t past = before + sum_to_here(count, of_warp);
    if (own < end) { offsets[own + 1] = past; }
    begin[threadIdx.x] = past - count;
    if (threadIdx.x == threads_per_block - 1) { begin[threads_per_block] = past; }
    __syncthreads();
    for (unsigned r = warp; r < threads_per_block && start + r < end; r += warps) {
      const index row = start + r, negatives = policy.negatives(row);
      std::int64_t to = begin[r];
      for (index k = lane; to < begin[r + 1] && k - lane < negatives; k += 32) {
        bool selected = false;
        if (k < negatives) {
          const auto one = load_negative<T>(policy, reference_free_t{}, row, k);
          selected = one.present && !(one.score < least[row]);
        }
        const unsigned chosen = __ballot_sync(~0u, selected);
        if (selected) { slots[to + __popc(chosen & ((1u << lane) - 1u))] = static_cast<std::int32_t>(k); }
        to += __popc(chosen);
      }
    }
    before = begin[threads_per_block];
  }
}

}  // namespace detail

/// What a `select_negatives` on a stream will find; as `pending` is for a loss.
class pending_selection {
 public:
  using result_type = selection_counts;

  pending_selection() = default;
  explicit pending_selection(detail::call_in_flight<double>&& call) : call_{std::move(call)} {}

  /// \throws cuda_error; std::domain_error as the call on the host.
  result_type get() const {
    const auto found = call_.totals();
    result_type result;
    static_cast<row_counts&>(result) = found.total.counts;
    result.selected = static_cast<index>(found.total.loss);
    call_.report(result);
    return result;
  }

 private:
  detail::call_in_flight<double> call_;
};

/// `select_negatives` of a batch in device memory, in the order of the policy's stream; returns at once. Offsets,
/// slots, rule and counts are the host's; sums of `mean_rest` take another order. Offsets of ragged scores and the size
/// of their `slots` are taken on trust (see score/device_span.hpp); selections are all, violators, threshold, boundary
/// or top_k. Reads the scores once, and once more for lists. No allocation with a workspace that is large enough.
/// \throws std::invalid_argument when an output is too short; cuda_error when a call of the runtime fails.
template <class Select, class P>
pending_selection select_negatives(const exec::cuda_stream& exec, const Select& select,
                                   const scores<P, space::device>& policy,
                                   const selection_outputs<std::remove_const_t<P>, space::device>& out) {
  using T = compute_of<P>;
  constexpr const char* where = "select_negatives";
  detail::require_device_selection<Select>();
  const index rows = policy.rows();
  const bool lists = !out.offsets.empty(), some = policy.ragged() || policy.longest_row() > 0;
  if (lists == out.slots.empty() && rows > 0 && some) {
    detail::throw_invalid(where, "offsets and slots go together, one of them is missing");
  }
  detail::require_room(where, "offsets", out.offsets, rows + 1);
  if (!policy.ragged()) { detail::require_room(where, "slots", out.slots, policy.flat(rows) - policy.flat(0)); }
  detail::require_room(where, "rule", out.rule, rows);
  detail::require_room(where, "mean_rest", out.mean_rest, rows);
  if (rows == 0) {
    if (lists) {
      detail::check_cuda("cudaMemsetAsync", cudaMemsetAsync(out.offsets.data(), 0, sizeof(std::int64_t), exec.stream));
    }
    return pending_selection({where, out.nonfinite});
  }

  const auto selection = detail::for_kernel(select);
  using row_work = detail::selection_by_group<std::remove_const_t<decltype(selection)>, P, space::device>;
  const index longest = policy.longest_row();
  const bool ragged = policy.ragged();
  const auto plan = detail::chunk_plan::of(rows, detail::rows_at_a_time(longest, ragged));
  const auto layout = detail::device_layout::of<double>(
      plan, detail::long_row_memory::bytes_of_call<T>(longest, ragged, plan.chunks, row_work::sorts),
      lists ? detail::selection_memory<T>::bytes(plan) : 0);
  detail::call_in_flight<double> call(where, out.nonfinite, exec, layout);
  T* const least = reinterpret_cast<T*>(call.memory() + layout.own);
  const row_work work{selection,
                      policy,
                      {.count = lists ? out.offsets.data() + 1 : nullptr,
                       .least = lists ? least : nullptr,
                       .rule = out.rule.data(),
                       .mean_rest = out.mean_rest.data()}};
  detail::launch<double>(exec.stream, work, plan, {.averaged = false, .propagate = false}, call.room(),
                         call.memory() + layout.columns);
  if (lists) {
    auto* const first_of_chunk =
        reinterpret_cast<std::int64_t*>(call.memory() + layout.own + detail::selection_memory<T>::least(rows));
    detail::launch_kernel(exec.stream, 1, detail::threads_of_sum, detail::sum_chunks<double>, plan.chunks,
                          call.room().chunk, first_of_chunk);
    detail::launch_kernel(exec.stream, plan.chunks, detail::threads_per_block, detail::write_lists<P>, policy, plan,
                          first_of_chunk, least, out.offsets.data(), out.slots.data());
  }
  return pending_selection(std::move(call));
}

}  // namespace dynamicpo::inline v1
