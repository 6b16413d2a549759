// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/slot_draw.hpp"
#include "dynamicpo/exec/cuda.cuh"
#include "dynamicpo/sample/place.hpp"
#include "dynamicpo/score/device_span.hpp"

/// sample/negatives.hpp in device memory.
namespace dynamicpo::inline v1::sample {

/// item_lists in device memory, taken on trust: B + 1 offsets that increase, items of each row in ascending order.
struct device_item_lists {
  device_span<const std::int64_t> offsets{};
  device_span<const item> items{};
};

/// negative_outputs in device memory. `counts`, one of them, is added to.
struct device_negative_outputs {
  device_span<item> items{};
  device_span<double> log_q{};
  device_span<index> found{};
  device_span<draw_counts> counts{};
};

}  // namespace dynamicpo::inline v1::sample

namespace dynamicpo::inline v1::detail {

inline constexpr unsigned rows_per_draw_block = 128;

/// Where draws go. Null: not asked for.
struct drawn_rows {
  sample::item* items;
  double* log_q;
  index* found;
  unsigned long long* counts;  ///< of draw_counts, in its order
};

/// A thread a row.
template <class Sampler>
__global__ void draw_rows(const Sampler from, index rows, index slots, const std::int64_t* offsets,
                          const sample::item* positives, sample::place at, bool replacement, drawn_rows out) {
  __shared__ unsigned long long of_block[5];
  if (threadIdx.x < 5) { of_block[threadIdx.x] = 0; }
  __syncthreads();
  const index row = index{blockIdx.x} * rows_per_draw_block + threadIdx.x;
  if (row < rows) {
    const std::int64_t first = offsets == nullptr ? 0 : offsets[row];
    const sample::item* const list = positives + first;
    const index count = offsets == nullptr ? 0 : offsets[row + 1] - first;
    const double log_left = out.log_q == nullptr ? 0 : log_probability_left(from, list, count);
    const sample::slot_stream stream(at.seed, at.epoch, at.first_row + row);
    sample::item* const items = out.items + row * slots;
    sample::draw_counts counts;
    index found = 0;
    for (index slot = 0; slot < slots; ++slot) {
      const auto excluded = [&](sample::item wanted) {
        bool is = in_ascending(list, count, wanted);
        for (index before = 0; !is && !replacement && before < slot; ++before) { is = items[before] == wanted; }
        return is;
      };
      const index candidate = found == slot ? draw_slot(from, stream.words(slot), excluded, counts) : -1;
      found += candidate < 0 ? 0 : 1;
      items[slot] = candidate < 0 ? -1 : from.item_of(candidate);
      if (out.log_q != nullptr) { out.log_q[row * slots + slot] = log_probability_of(from, candidate, log_left); }
    }
    if (out.found != nullptr) { out.found[row] = found; }
    const index made[5] = {found, counts.accepted, counts.rejected, counts.exhaustive, found < slots ? 1 : 0};
    for (int i = 0; i < 5; ++i) {
      if (out.counts != nullptr && made[i] > 0) { atomicAdd(&of_block[i], static_cast<unsigned long long>(made[i])); }
    }
  }
  __syncthreads();
  if (out.counts != nullptr && threadIdx.x < 5) { atomicAdd(out.counts + threadIdx.x, of_block[threadIdx.x]); }
}

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::sample {

/// draw_negatives of sample/negatives.hpp into device memory, in the order of the stream; returns at once. The same
/// draws, found and counts as there; log_q differs in its last bits where the compiler fuses multiplications and
/// additions. Positives are taken on trust. A thread a row: O(K (log P + K)) each. \param from  goes to the device by
/// value: uniform, log_uniform, popularity::view_at, mixed of these. \throws std::invalid_argument when outputs do not
/// fit `rows`; cuda_error.
template <sampler Sampler>
void draw_negatives(const exec::cuda_stream& exec, const Sampler& from, index rows, const device_item_lists& positives,
                    const place& at, bool replacement, const device_negative_outputs& out) {
  static_assert(std::is_trivially_copyable_v<Sampler>,
                "dynamicpo: a sampler goes to a device by value; take popularity::view_at for a table");
  constexpr const char* where = "draw_negatives";
  require_rows(where, rows, out.items.size());
  at.require(where, rows);
  detail::require_room(where, "log_q", out.log_q, out.items.size());
  detail::require_room(where, "found", out.found, rows);
  if (positives.offsets.size() != 0 && positives.offsets.size() != rows + 1) {
    detail::throw_invalid(where, "positives have " + std::to_string(positives.offsets.size()) + " offsets, expected " +
                                     std::to_string(rows + 1));
  }
  if (rows == 0) { return; }
  static_assert(sizeof(draw_counts) == 5 * sizeof(unsigned long long));
  const detail::drawn_rows to{
      out.items.data(), out.log_q.size() == 0 ? nullptr : out.log_q.data(),
      out.found.size() == 0 ? nullptr : out.found.data(),
      out.counts.size() == 0 ? nullptr : reinterpret_cast<unsigned long long*>(out.counts.data())};
  constexpr index per_block = detail::rows_per_draw_block;
  detail::launch_kernel(exec.stream, (rows + per_block - 1) / per_block, detail::rows_per_draw_block,
                        detail::draw_rows<Sampler>, from, rows, out.items.size() / rows,
                        positives.offsets.size() == 0 ? nullptr : positives.offsets.data(), positives.items.data(), at,
                        replacement, to);
}

}  // namespace dynamicpo::inline v1::sample
