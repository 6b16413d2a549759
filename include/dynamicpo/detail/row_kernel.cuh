// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "dynamicpo/detail/group_row.hpp"
#include "dynamicpo/detail/row_stretch.cuh"
#include "dynamicpo/detail/warp.cuh"
#include "dynamicpo/result.hpp"

/// Kernels: every row by a group of threads, totals by a tree whose shape the number of rows and their length decide.
namespace dynamicpo::inline v1::detail {

/// Of a block that takes one long row at a time.
inline constexpr unsigned threads_per_long_row = 128;
/// Rows of up to so many negatives are short: they fit the registers of a warp.
inline constexpr index longest_short_row = 64;
/// Longer rows of up to so many negatives have their columns in shared memory: in double, with what a cut sorts, 40 KiB
/// of the 48 that a kernel has unasked, and a multiprocessor holds several such blocks. The rest of what a cut needs is
/// twice as much and stays outside.
inline constexpr index longest_row_in_block = 1024;
inline constexpr std::size_t most_launched_memory = std::size_t{47} << 10;

/// A batch in chunks of rows, a block each. Groups of a block take its rows in turn; no more chunks than one block adds
/// up in no time.
struct chunk_plan {
  static constexpr index most_chunks = 16384;
  index rows = 0, rows_per_chunk = 1, chunks = 0;

  static constexpr chunk_plan of(index rows, index groups_per_block) {
    chunk_plan plan;
    plan.rows = rows;
    const index least = (rows + most_chunks - 1) / most_chunks;
    plan.rows_per_chunk = (least + groups_per_block - 1) / groups_per_block * groups_per_block;
    if (plan.rows_per_chunk == 0) { plan.rows_per_chunk = groups_per_block; }
    plan.chunks = (rows + plan.rows_per_chunk - 1) / plan.rows_per_chunk;
    return plan;
  }
};

/// The rows that one launch takes, by their length, and whether it is the first and the last of a call.
struct row_class {
  index least = 0, most = longest_row_of_any;
  bool first = true, last = true;

  static constexpr index longest_row_of_any = index{1} << 62;
  DYNAMICPO_HD bool takes(index negatives) const { return least <= negatives && negatives <= most; }
};

/// What a call found, as it lies in device memory.
template <class A>
struct device_total {
  batch_total<A> total;
  A loss;  ///< reduced as asked
};

/// Where totals go: one a chunk, then one for all.
template <class A>
struct total_room {
  device_total<A>* result;
  unsigned* finished;  ///< chunks done, 0 between calls
  batch_total<A>* chunk;
};

/// How the total is reduced, and whether the gradient is.
struct reduction_plan {
  bool averaged, propagate;

  /// Rows in the mean.
  DYNAMICPO_HD index entered(const row_counts& counts) const {
    return counts.rows + (propagate ? counts.invalid_rows : 0);
  }
};

/// The total of all threads, in `shared[0]`: neighbours first.
template <class A>
__device__ void add_up_block(const batch_total<A>& mine, batch_total<A>* shared, unsigned count) {
  if (threadIdx.x < count) { shared[threadIdx.x] = mine; }
#pragma unroll 1  // once a block: short code is worth more
  for (unsigned step = 1; step < count; step *= 2) {
    __syncthreads();
    if (threadIdx.x % (2 * step) == 0 && threadIdx.x + step < count) {
      shared[threadIdx.x].merge(shared[threadIdx.x + step]);
    }
  }
  __syncthreads();
}

/// Called by whole blocks with what this launch adds to their chunk's total in `shared[0]`. The last block of the last
/// launch adds up all chunks.
template <class A>
__device__ void finish_chunk(const chunk_plan& plan, const row_class& rows, const reduction_plan& reduction,
                             const total_room<A>& room, index chunk, batch_total<A>* shared) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    batch_total<A> total = shared[0];
    if (!rows.first) {
      total = room.chunk[chunk];
      total.merge(shared[0]);
    }
    room.chunk[chunk] = total;
  }
  if (!rows.last) { return; }
  if (threadIdx.x == 0) {
    __threadfence();
    last = atomicAdd(room.finished, 1u) == static_cast<unsigned>(plan.chunks - 1);
  }
  __syncthreads();
  if (!last) { return; }
  __threadfence();
  const index each = (plan.chunks + blockDim.x - 1) / blockDim.x;
  const index first = static_cast<index>(threadIdx.x) * each,
              end = first + each < plan.chunks ? first + each : plan.chunks;
  batch_total<A> mine;
#pragma unroll 1
  for (index i = first; i < end; ++i) { mine.merge(room.chunk[i]); }
  add_up_block(mine, shared, blockDim.x);
  if (threadIdx.x != 0) { return; }
  const batch_total<A> total = shared[0];
  const index entered = reduction.entered(total.counts);
  room.result->total = total;
  room.result->loss = reduction.averaged && entered > 0 ? total.loss / A(static_cast<double>(entered)) : total.loss;
  *room.finished = 0;
}

/// Blocks of short rows that a multiprocessor is to hold, at the cost of numbers in local memory; 0: as it comes.
/// Double would pay too much.
template <class Work, unsigned C, bool Staged>
inline constexpr unsigned short_row_blocks = sizeof(typename Work::compute) == sizeof(float) &&
                                                     (Staged || (Work::sorts && C == 1))
                                                 ? 3
                                                 : 0;

/// Rows of up to Size C negatives, a group of Size threads each.
/// \tparam Staged  `stretch_rows` at once through shared memory (`rows_of_stretch`), while the next are on their way;
///                 else each from where it lies.
template <unsigned Size, unsigned C, bool Staged, class Work, class A>
__global__ void __launch_bounds__(threads_per_block, short_row_blocks<Work, C, Staged>)
    evaluate_short_rows(const Work work, const chunk_plan plan, const row_class rows, const reduction_plan reduction,
                        const total_room<A> room, const index stretch_rows) {
  constexpr unsigned groups = threads_per_block / Size;
  using row_place = std::conditional_t<Staged, row_stretch<Work>, rows_where_they_lie<Work>>;
  constexpr std::size_t bytes_of_totals = threads_per_block * sizeof(batch_total<A>);
  // Stretches first, then totals.
  alignas(16) __shared__ std::byte shared[bytes_of_totals < row_place::bytes ? row_place::bytes : bytes_of_totals];
  static_assert(sizeof(shared) <= most_launched_memory);
  const warp_group<Size> group;
  const unsigned number = threadIdx.x / Size;
  const index chunk = blockIdx.x;
  const index first = chunk * plan.rows_per_chunk;
  const index end = first + plan.rows_per_chunk < plan.rows ? first + plan.rows_per_chunk : plan.rows;
  const auto past = [&](index start) { return Staged && stretch_rows < end - start ? start + stretch_rows : end; };
  batch_total<A> total;
  [[maybe_unused]] row_place stretch(work, shared);
  if constexpr (Staged) { stretch.fetch(first, past(first) - first); }
  for (index start = first; start < end; start = past(start)) {
    const index stop = past(start);
    if constexpr (Staged) {
      stretch.put(start, stop - start);
      __syncthreads();
      if (stop < end) { stretch.fetch(stop, past(stop) - stop); }
    }
    for (index row = start + number; row < stop; row += groups) {
      if (!rows.takes(work.policy.negatives(row))) { continue; }
      Work here = work;
      if constexpr (Staged) { stretch.move(here, row); }
      own_columns<typename Work::compute, C> columns;
      total.add(row, here(group, row, columns), reduction.propagate);
    }
    if constexpr (Staged) {
      __syncthreads();
      stretch.write_gradient();
    }
  }
  if constexpr (Staged) { __syncthreads(); }
  auto* const totals = reinterpret_cast<batch_total<A>*>(shared);
  // One thread a group holds its total; the others have the same.
  if (threadIdx.x % Size == 0) { totals[number] = total; }
  __syncthreads();
  const batch_total<A> mine = threadIdx.x < groups ? totals[threadIdx.x] : batch_total<A>{};
  add_up_block(mine, totals, groups);
  finish_chunk(plan, rows, reduction, room, chunk, totals);
}

/// Memory of the blocks that take long rows: columns, and what a cut needs.
struct long_row_memory {
  std::byte* base = nullptr;
  std::size_t bytes_per_block = 0, most = 0;  ///< most: columns of all threads
  std::size_t shared_bytes = 0;               ///< columns and what a cut sorts, where they lie in shared memory
  unsigned blocks = 0;

  /// For rows of up to `longest`; no more blocks than keep it all within a quarter of a gigabyte, if eight do.
  template <class T>
  static long_row_memory plan(index longest, index chunks, bool sorts) {
    constexpr std::size_t size = threads_per_long_row, budget = std::size_t{1} << 28;
    long_row_memory memory;
    if (longest <= longest_short_row) { return memory; }
    memory.most = (static_cast<std::size_t>(longest) + size - 1) / size * size;
    memory.bytes_per_block = sorts ? cut_room<T>::bytes(memory.most, size) : 0;
    if (longest <= longest_row_in_block) {
      memory.shared_bytes = (4 * memory.most + (sorts ? cut_room<T>::padded_size(memory.most) : 0)) * sizeof(T);
    } else {
      memory.bytes_per_block += 4 * memory.most * sizeof(T);
    }
    const std::size_t fitting = memory.bytes_per_block == 0 ? 2048 : budget / memory.bytes_per_block,
                      wanted = fitting < 8      ? 8
                               : fitting < 2048 ? fitting
                                                : 2048;
    memory.blocks =
        static_cast<unsigned>(static_cast<std::size_t>(chunks) < wanted ? static_cast<std::size_t>(chunks) : wanted);
    return memory;
  }
  std::size_t bytes() const { return blocks * bytes_per_block; }
  /// Of all launches of a call: ragged rows in shared memory have one of their own.
  template <class T>
  static std::size_t bytes_of_call(index longest, bool ragged, index chunks, bool sorts) {
    const std::size_t all = plan<T>(longest, chunks, sorts).bytes();
    if (!ragged || longest <= longest_row_in_block) { return all; }
    const std::size_t in_block = plan<T>(longest_row_in_block, chunks, sorts).bytes();
    return all < in_block ? in_block : all;
  }
  /// What a launch asks for: totals take the place of the columns when these are done.
  template <class A>
  std::size_t launched_bytes() const {
    constexpr std::size_t totals = threads_per_long_row * sizeof(batch_total<A>);
    constexpr std::size_t most_columns = static_cast<std::size_t>(5 * longest_row_in_block) * sizeof(double);
    static_assert(totals <= most_launched_memory && most_columns <= most_launched_memory);
    return totals < shared_bytes ? shared_bytes : totals;
  }
};

/// Rows of any length, a block each. \tparam InBlock  their columns, and what a cut sorts, lie in shared memory.
template <bool InBlock, class Work, class A>
__global__ void __launch_bounds__(threads_per_long_row)
    evaluate_long_rows(const Work work, const chunk_plan plan, const row_class rows, const reduction_plan reduction,
                       const total_room<A> room, const long_row_memory memory) {
  using T = typename Work::compute;
  constexpr unsigned size = threads_per_long_row;
  __shared__ double group_room[size / 32 + 1];
  auto* const totals = reinterpret_cast<batch_total<A>*>(launched_memory);
  const block_group<size> group(group_room);
  std::byte* const outside = memory.base + blockIdx.x * memory.bytes_per_block;
  T* const columns = reinterpret_cast<T*>(InBlock ? launched_memory : outside);
  T* const past_columns = columns + 4 * memory.most;
  const auto array = [&](unsigned i) { return column_iterator<T>{columns + i * memory.most + threadIdx.x, size}; };
  long_columns<T, T> own{array(0), array(1), array(2), array(3)};
  if constexpr (InBlock) {
    own.cuts = cut_room<T>::in(outside, memory.most, size);
    own.cuts.sorted = past_columns;
  } else {
    own.cuts = cut_room<T>::in(past_columns, memory.most, size);
  }
  for (index chunk = blockIdx.x; chunk < plan.chunks; chunk += gridDim.x) {
    const index first = chunk * plan.rows_per_chunk;
    const index end = first + plan.rows_per_chunk < plan.rows ? first + plan.rows_per_chunk : plan.rows;
    batch_total<A> total;
    for (index row = first; row < end; ++row) {
      const index negatives = work.policy.negatives(row);
      if (!rows.takes(negatives)) { continue; }
      own.count = static_cast<unsigned>(negatives <= size ? 1 : (negatives + size - 1) / size);
      total.add(row, work(group, row, own), reduction.propagate);
      group.sync();
    }
    if (threadIdx.x == 0) { totals[0] = total; }
    __syncthreads();
    finish_chunk(plan, rows, reduction, room, chunk, totals);
    __syncthreads();
  }
}

/// Brings the gradient of a mean over all rows to that over those that entered, where some did not.
template <class T, class A>
__global__ void rescale_gradient(const scores<T, space::device> gradient, const reduction_plan reduction,
                                 const device_total<A>* result) {
  const index rows = gradient.rows(), entered = reduction.entered(result->total.counts);
  if (entered == rows || entered == 0) { return; }
  const A factor = A(static_cast<double>(rows)) / A(static_cast<double>(entered));
  const auto rescaled = [&](T& entry) {
    using compute = compute_of<T>;
    entry = static_cast<T>(static_cast<compute>(A(static_cast<compute>(entry)) * factor));
  };
  for (index row = blockIdx.x; row < rows; row += gridDim.x) {
    if (threadIdx.x == 0) { rescaled(gradient.chosen(row)); }
    const index size = gradient.negatives(row);
    for (index k = threadIdx.x; k < size; k += blockDim.x) { rescaled(gradient.rejected(row, k)); }
  }
}

}  // namespace dynamicpo::inline v1::detail
