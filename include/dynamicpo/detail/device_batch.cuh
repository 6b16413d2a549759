// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "dynamicpo/detail/blocks.hpp"
#include "dynamicpo/detail/group_row.hpp"
#include "dynamicpo/detail/row_kernel.cuh"
#include "dynamicpo/exec/cuda.cuh"
#include "dynamicpo/result.hpp"

/// What calls on batches in device memory share: their memory, their launches, and what answers for them.
namespace dynamicpo::inline v1 {
namespace detail {

/// Memory of one call: the result, a counter, totals of chunks, what the call keeps by row, and columns of long rows.
struct device_layout {
  static constexpr std::size_t counter = 256, chunks = result_bytes;  // the result comes first
  std::size_t own = 0, columns = 0, bytes = 0;

  /// \param own_bytes  of what the call keeps. \param long_rows  bytes of columns.
  template <class A>
  static device_layout of(const chunk_plan& plan, std::size_t long_rows, std::size_t own_bytes = 0) {
    static_assert(sizeof(device_total<A>) <= counter);
    device_layout layout;
    layout.own = chunks + whole(static_cast<std::size_t>(plan.chunks) * sizeof(batch_total<A>));
    layout.columns = layout.own + whole(own_bytes);
    layout.bytes = layout.columns + long_rows;
    return layout;
  }
  template <class A>
  static total_room<A> room(std::byte* base) {
    return {reinterpret_cast<device_total<A>*>(base), reinterpret_cast<unsigned*>(base + counter),
            reinterpret_cast<batch_total<A>*>(base + chunks)};
  }
  /// Up to where the next array may begin.
  static constexpr std::size_t whole(std::size_t bytes) { return (bytes + 255) / 256 * 256; }
};

/// Rows that a block has in hand at a time. Ragged ones are taken class by class.
constexpr index rows_at_a_time(index longest_row, bool ragged) {
  for (const index size : {1, 4, 8, 16}) {
    if (longest_row <= size && (size <= 8 || !ragged)) { return static_cast<index>(threads_per_block) / size; }
  }
  return longest_row > longest_short_row && !ragged ? 1 : static_cast<index>(threads_per_block) / 32;
}

/// A call that was put on a stream: its memory, and the totals that it will find. Gives memory of the stream's pool
/// back in the order of the stream.
template <class A>
class call_in_flight {
 public:
  call_in_flight() = default;
  /// Of no rows.
  call_in_flight(const char* where, nonfinite answer) : where_{where}, answer_{answer} {}
  call_in_flight(const char* where, nonfinite answer, const exec::cuda_stream& exec, const device_layout& layout)
      : where_{where}, answer_{answer}, stream_{exec.stream} {
    if (exec.workspace != nullptr) {
      exec.workspace->reserve_bytes(layout.bytes);
      memory_ = static_cast<std::byte*>(exec.workspace->data());
      return;
    }
    check_cuda("cudaMallocAsync", cudaMallocAsync(&owned_, layout.bytes, exec.stream));
    memory_ = static_cast<std::byte*>(owned_);
    const cudaError_t code = cudaMemsetAsync(room().finished, 0, sizeof(unsigned), exec.stream);
    if (code != cudaSuccess) { cudaFreeAsync(owned_, exec.stream); }
    check_cuda("cudaMemsetAsync", code);
  }
  call_in_flight(call_in_flight&& other) noexcept
      : where_{other.where_},
        answer_{other.answer_},
        stream_{other.stream_},
        memory_{std::exchange(other.memory_, nullptr)},
        owned_{std::exchange(other.owned_, nullptr)} {}
  call_in_flight& operator=(call_in_flight&& other) noexcept {
    std::swap(where_, other.where_);
    std::swap(answer_, other.answer_);
    std::swap(stream_, other.stream_);
    std::swap(memory_, other.memory_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~call_in_flight() {
    if (owned_ != nullptr) { cudaFreeAsync(owned_, stream_); }
  }

  std::byte* memory() const { return memory_; }
  total_room<A> room() const { return device_layout::room<A>(memory_); }
  /// Waits for the stream.
  device_total<A> totals() const {
    device_total<A> total{};
    if (memory_ == nullptr) { return total; }
    check_cuda("cudaMemcpyAsync",
               cudaMemcpyAsync(&total, room().result, sizeof(total), cudaMemcpyDeviceToHost, stream_));
    check_cuda("cudaStreamSynchronize", cudaStreamSynchronize(stream_));
    return total;
  }
  /// Throws what the call on the host would.
  void report(const row_counts& counts) const { report_invalid(where_, counts, answer_); }

 private:
  const char* where_ = "";
  nonfinite answer_ = nonfinite::skip;
  cudaStream_t stream_ = nullptr;
  std::byte* memory_ = nullptr;
  void* owned_ = nullptr;
};

/// One sentence for a selection that no kernel has.
template <class Select>
constexpr void require_device_selection() {
  static_assert(
      selects_in_group<Select>,
      "dynamicpo: this selection does not run on a device, as all, violators, threshold, boundary and top_k do");
}

/// Threads of a group that takes short rows, and negatives of each.
template <unsigned Size, unsigned C>
struct group_shape {};

/// One launch for rows of up to `longest_short_row` negatives; `longest` decides the kernel.
template <class A, class Work>
void launch_short_rows(cudaStream_t stream, const Work& work, const chunk_plan& plan, const row_class& rows,
                       index longest, const reduction_plan& reduction, const total_room<A>& room) {
  const auto by_groups = [&]<unsigned Size, unsigned C>(group_shape<Size, C>) {
    auto kernel = evaluate_short_rows<Size, C, false, Work, A>;
    index stretch_rows = 0;
    if constexpr (goes_by_stretches<Work>) {
      stretch_rows = rows_of_stretch(work, static_cast<index>(threads_per_block / Size));
      if (stretch_rows > 0) { kernel = evaluate_short_rows<Size, C, true, Work, A>; }
    }
    launch_kernel(stream, plan.chunks, threads_per_block, kernel, work, plan, rows, reduction, room, stretch_rows);
  };
  if (longest <= 1) {
    by_groups(group_shape<1, 1>{});
  } else if (longest <= 4) {
    by_groups(group_shape<4, 1>{});
  } else if (longest <= 8) {
    by_groups(group_shape<8, 1>{});
  } else if (longest <= 16) {
    by_groups(group_shape<16, 1>{});
  } else if (longest <= 32) {
    by_groups(group_shape<32, 1>{});
  } else {
    by_groups(group_shape<32, 2>{});
  }
}

/// One launch for rows of any length. `columns`: memory for those of `longest`.
template <class A, class Work>
void launch_long_rows(cudaStream_t stream, const Work& work, const chunk_plan& plan, const row_class& rows,
                      index longest, const reduction_plan& reduction, const total_room<A>& room, std::byte* columns) {
  long_row_memory memory = long_row_memory::plan<typename Work::compute>(longest, plan.chunks, Work::sorts);
  memory.base = columns;
  const auto kernel =
      longest <= longest_row_in_block ? evaluate_long_rows<true, Work, A> : evaluate_long_rows<false, Work, A>;
  launch_kernel(stream, launch_shape{memory.blocks, threads_per_long_row, memory.launched_bytes<A>()}, kernel, work,
                plan, rows, reduction, room, memory);
}

/// All rows of a call. Of ragged ones the short do not wait for the long: a launch for up to 8 negatives, 16, 32, 64,
/// 1024 and more, as far as there may be any.
template <class A, class Work>
void launch(cudaStream_t stream, const Work& work, const chunk_plan& plan, const reduction_plan& reduction,
            const total_room<A>& room, std::byte* columns) {
  const index longest = work.policy.longest_row();
  row_class rows;
  const auto launch_class = [&](index most) {
    if (most <= longest_short_row) {
      launch_short_rows(stream, work, plan, rows, most, reduction, room);
    } else {
      launch_long_rows(stream, work, plan, rows, most, reduction, room, columns);
    }
  };
  if (work.policy.ragged()) {
    for (const index most : {index{8}, index{16}, index{32}, longest_short_row, longest_row_in_block}) {
      if (longest <= most) { break; }
      rows.most = most;
      rows.last = false;
      launch_class(most);
      rows = {.least = most + 1, .first = false};
    }
  }
  launch_class(longest);
}

/// Bytes that `select_negatives` keeps by row and by chunk of rows, where it makes lists.
template <class T>
struct selection_memory {
  static constexpr std::size_t least(index rows) {
    return device_layout::whole(static_cast<std::size_t>(rows) * sizeof(T));
  }
  static constexpr std::size_t bytes(const chunk_plan& plan) {
    return least(plan.rows) + static_cast<std::size_t>(plan.chunks) * sizeof(std::int64_t);
  }
};

}  // namespace detail

inline void exec::cuda_workspace::reserve(index rows, index longest_row) {
  for (const bool ragged : {false, true}) {
    const auto plan = detail::chunk_plan::of(rows, detail::rows_at_a_time(longest_row, ragged));
    const auto room = [&](std::size_t long_rows) {
      reserve_bytes(
          detail::device_layout::of<double>(plan, long_rows, detail::selection_memory<double>::bytes(plan)).bytes);
    };
    for (const bool sorts : {false, true}) {
      room(detail::long_row_memory::bytes_of_call<float>(longest_row, ragged, plan.chunks, sorts));
      room(detail::long_row_memory::bytes_of_call<double>(longest_row, ragged, plan.chunks, sorts));
    }
  }
}

}  // namespace dynamicpo::inline v1
