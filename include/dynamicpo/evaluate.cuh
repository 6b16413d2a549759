// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/overlap.hpp"
#include "dynamicpo/detail/row_kernel.cuh"
#include "dynamicpo/evaluate.hpp"
#include "dynamicpo/exec/cuda.cuh"
#include "dynamicpo/outputs.hpp"
#include "dynamicpo/pipeline.hpp"

/// `loss` and `loss_and_gradient` on a CUDA device.
namespace dynamicpo::inline v1 {
namespace detail {

/// Memory of one call: the result, a counter, totals of chunks, and columns of long rows.
struct device_layout {
  static constexpr std::size_t counter = 256, chunks = 512;  // the result comes first
  std::size_t columns = 0, bytes = 0;

  template <class A>
  static device_layout of(const chunk_plan& plan, std::size_t long_rows) {
    static_assert(sizeof(device_total<A>) <= counter);
    device_layout layout;
    const std::size_t totals = static_cast<std::size_t>(plan.chunks) * sizeof(batch_total<A>);
    layout.columns = chunks + (totals + 255) / 256 * 256;
    layout.bytes = layout.columns + long_rows;
    return layout;
  }
  template <class A>
  static total_room<A> room(void* memory) {
    auto* const base = static_cast<std::byte*>(memory);
    return {reinterpret_cast<device_total<A>*>(base), reinterpret_cast<unsigned*>(base + counter),
            reinterpret_cast<batch_total<A>*>(base + chunks)};
  }
};

/// Rows that a block has in hand at a time. Ragged ones are taken class by class.
constexpr index rows_at_a_time(index longest_row, bool ragged) {
  for (const index size : {1, 4, 8, 16}) {
    if (longest_row <= size && (size <= 8 || !ragged)) { return static_cast<index>(threads_per_block) / size; }
  }
  return longest_row > longest_short_row && !ragged ? 1 : static_cast<index>(threads_per_block) / 32;
}

}  // namespace detail

/// What a call on a stream will find. `get` waits for the stream and answers as the call on the host would, with what
/// it throws; after a replay of a graph that captured the call it answers for the replay. Holds the call's memory when
/// that came from the stream's pool, and gives it back in the order of the stream.
template <class T>
class pending {
 public:
  using result_type = evaluation<T, no_instruments>;

  pending() = default;
  pending(const char* where, nonfinite answer) : where_{where}, answer_{answer} {}
  pending(const char* where, nonfinite answer, cudaStream_t stream,
          const detail::device_total<accumulator_of<T>>* total, void* owned)
      : where_{where}, answer_{answer}, stream_{stream}, total_{total}, owned_{owned} {}
  pending(pending&& other) noexcept
      : where_{other.where_},
        answer_{other.answer_},
        stream_{other.stream_},
        total_{std::exchange(other.total_, nullptr)},
        owned_{std::exchange(other.owned_, nullptr)} {}
  pending& operator=(pending&& other) noexcept {
    std::swap(where_, other.where_);
    std::swap(answer_, other.answer_);
    std::swap(stream_, other.stream_);
    std::swap(total_, other.total_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~pending() {
    if (owned_ != nullptr) { cudaFreeAsync(owned_, stream_); }
  }

  /// \throws cuda_error; std::domain_error and std::invalid_argument as the call on the host.
  result_type get() const {
    result_type result;
    if (total_ == nullptr) { return result; }
    detail::device_total<accumulator_of<T>> total;
    detail::check_cuda("cudaMemcpyAsync",
                       cudaMemcpyAsync(&total, total_, sizeof(total), cudaMemcpyDeviceToHost, stream_));
    detail::check_cuda("cudaStreamSynchronize", cudaStreamSynchronize(stream_));
    static_cast<row_counts&>(result) = total.total.counts;
    result.loss = total.loss;
    detail::report_invalid(where_, result, answer_);
    return result;
  }

 private:
  const char* where_ = "";
  nonfinite answer_ = nonfinite::skip;
  cudaStream_t stream_ = nullptr;
  const detail::device_total<accumulator_of<T>>* total_ = nullptr;
  void* owned_ = nullptr;
};

namespace detail {

/// One launch of a call: for rows of the class, of which the longest decides the kernel. `columns`: memory for long rows.
template <class A, class Work>
void launch_class(cudaStream_t stream, const Work& work, const chunk_plan& plan, const row_class& rows, index longest,
                  const reduction_plan& reduction, const total_room<A>& room, std::byte* columns) {
  const auto short_rows = [&](auto kernel) {
    launch_kernel(stream, plan.chunks, threads_per_block, kernel, work, plan, rows, reduction, room);
  };
  const auto long_rows = [&](auto kernel) {
    long_row_memory memory = long_row_memory::plan<typename Work::compute>(longest, plan.chunks, Work::sorts);
    memory.base = columns;
    launch_kernel(stream, launch_shape{memory.blocks, threads_per_long_row, memory.launched_bytes<A>()}, kernel, work,
                  plan, rows, reduction, room, memory);
  };
  if (longest > longest_row_in_block) {
    long_rows(evaluate_long_rows<false, Work, A>);
  } else if (longest > longest_short_row) {
    long_rows(evaluate_long_rows<true, Work, A>);
  } else if (longest <= 1) {
    short_rows(evaluate_short_rows<1, 1, Work, A>);
  } else if (longest <= 4) {
    short_rows(evaluate_short_rows<4, 1, Work, A>);
  } else if (longest <= 8) {
    short_rows(evaluate_short_rows<8, 1, Work, A>);
  } else if (longest <= 16) {
    short_rows(evaluate_short_rows<16, 1, Work, A>);
  } else if (longest <= 32) {
    short_rows(evaluate_short_rows<32, 1, Work, A>);
  } else {
    short_rows(evaluate_short_rows<32, 2, Work, A>);
  }
}

/// All rows of a call. Of ragged ones the short do not wait for the long: a launch for up to 8 negatives, 16, 32, 64,
/// 1024 and more, as far as there may be any.
template <class A, class Work>
void launch(cudaStream_t stream, const Work& work, const chunk_plan& plan, const reduction_plan& reduction,
            const total_room<A>& room, std::byte* columns) {
  const index longest = work.policy.longest_row();
  row_class rows;
  if (work.policy.ragged()) {
    for (const index most : {index{8}, index{16}, index{32}, longest_short_row, longest_row_in_block}) {
      if (longest <= most) { break; }
      rows.most = most;
      rows.last = false;
      launch_class(stream, work, plan, rows, most, reduction, room, columns);
      rows = {.least = most + 1, .first = false};
    }
  }
  launch_class(stream, work, plan, rows, longest, reduction, room, columns);
}

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
  static_assert(selects_in_group<typename Pipeline::select_type>,
                "dynamicpo: this selection does not run on a device; all, violators, threshold, boundary and top_k do");
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
  if (policy.rows() == 0) { return {where, out.nonfinite}; }

  const index longest = policy.longest_row();
  const chunk_plan plan = chunk_plan::of(policy.rows(), rows_at_a_time(longest, policy.ragged()));
  using row_work = row_by_group<WithGradient, Pipeline, P, Reference, space::device>;
  const auto layout = device_layout::of<accumulator>(
      plan, long_row_memory::bytes_of_call<compute>(longest, policy.ragged(), plan.chunks, row_work::sorts));
  void *memory = nullptr, *owned = nullptr;
  if (exec.workspace != nullptr) {
    exec.workspace->reserve_bytes(layout.bytes);
    memory = exec.workspace->data();
  } else {
    check_cuda("cudaMallocAsync", cudaMallocAsync(&owned, layout.bytes, exec.stream));
    memory = owned;
  }
  const total_room<accumulator> room = device_layout::room<accumulator>(memory);
  std::byte* const columns = static_cast<std::byte*>(memory) + layout.columns;
  pending<compute> result(where, out.nonfinite, exec.stream, room.result, owned);
  if (owned != nullptr) {
    check_cuda("cudaMemsetAsync", cudaMemsetAsync(room.finished, 0, sizeof(unsigned), exec.stream));
  }

  const reduction_plan reduction{out.reduction == reduction::mean, out.nonfinite == nonfinite::propagate};
  const accumulator scale =
      reduction.averaged ? accumulator(1) / accumulator(static_cast<double>(policy.rows())) : accumulator(1);
  const row_work work{pipeline,
                      policy,
                      reference,
                      {out.gradient, out.row_loss.data(), out.effective_beta.data(), out.nonfinite, scale}};
  launch<accumulator>(exec.stream, work, plan, reduction, room, columns);
  if constexpr (WithGradient) {
    if (reduction.averaged) {
      const index blocks = policy.rows() < 4096 ? policy.rows() : 4096;
      launch_kernel(exec.stream, blocks, 128, rescale_gradient<stored, accumulator>, out.gradient, reduction,
                    room.result);
    }
  }
  return result;
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

inline void exec::cuda_workspace::reserve(index rows, index longest_row) {
  for (const bool ragged : {false, true}) {
    const auto plan = detail::chunk_plan::of(rows, detail::rows_at_a_time(longest_row, ragged));
    const auto room = [&](std::size_t long_rows) {
      reserve_bytes(detail::device_layout::of<double>(plan, long_rows).bytes);
    };
    for (const bool sorts : {false, true}) {
      room(detail::long_row_memory::bytes_of_call<float>(longest_row, ragged, plan.chunks, sorts));
      room(detail::long_row_memory::bytes_of_call<double>(longest_row, ragged, plan.chunks, sorts));
    }
  }
}

}  // namespace dynamicpo::inline v1
