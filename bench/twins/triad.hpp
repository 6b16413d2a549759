// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cases/batch.hpp"

namespace bench {
namespace detail {

template <class T>
void add_arrays(const T* __restrict a, const T* __restrict b, T* __restrict sum, std::int64_t first,
                std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) { sum[i] = a[i] + b[i]; }
}
template <class T>
void add_constant(const T* __restrict a, T* __restrict sum, std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) { sum[i] = a[i] + T(1); }
}
template <class T>
void add_masked(const T* __restrict a, const T* __restrict b, const std::uint8_t* __restrict mask, T* __restrict sum,
                std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) { sum[i] = a[i] + b[i] + static_cast<T>(mask[i]); }
}
// Partial sums side by side, so that the sum is bound by its reads.
template <class T>
T sum_up(const T* a, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t side_by_side = 64;
  std::array<T, side_by_side> sums{};
  std::int64_t i = first;
  for (; i + side_by_side <= last; i += side_by_side) {
    for (std::int64_t j = 0; j < side_by_side; ++j) { sums[static_cast<std::size_t>(j)] += a[i + j]; }
  }
  for (; i < last; ++i) { sums[0] += a[i]; }
  T total{};
  for (const T sum : sums) { total += sum; }
  return total;
}

}  // namespace detail

/// Reads and writes the bytes of `loss_and_gradient` over rows [first, last), with an add for each element.
template <class T>
void triad_loss(batch<T>& data, bool reads_reference, std::int64_t first, std::int64_t last) {
  const auto policy = data.policy();
  const std::int64_t begin = policy.flat(first), end = policy.flat(last);
  const T* const a = data.rejected.data();
  const T* const b = data.reference_rejected.data();
  T* const sum = data.gradient_rejected.data();
  if (!data.mask.empty()) {
    detail::add_masked(a, b, data.mask.data(), sum, begin, end);
  } else if (reads_reference) {
    detail::add_arrays(a, b, sum, begin, end);
  } else {
    detail::add_constant(a, sum, begin, end);
  }
  T* const loss = data.row_loss.data();
  const auto* const offsets = data.offsets.data();
  if (reads_reference) {
    detail::add_arrays(data.chosen.data(), data.reference_chosen.data(), data.gradient_chosen.data(), first, last);
  } else {
    detail::add_constant(data.chosen.data(), data.gradient_chosen.data(), first, last);
  }
  for (std::int64_t row = first; row < last; ++row) {
    loss[row] = data.gradient_chosen[static_cast<std::size_t>(row)];
    if (!data.offsets.empty()) { loss[row] += static_cast<T>(offsets[row]); }
  }
}

/// The bytes of `select_negatives`, of which `selected` negatives in all came out.
template <class T>
void triad_select(batch<T>& data, std::int64_t selected, std::int64_t first, std::int64_t last) {
  const auto policy = data.policy();
  const T sum = detail::sum_up(data.rejected.data(), policy.flat(first), policy.flat(last));
  for (std::int64_t row = first; row < last; ++row) {
    const auto at = static_cast<std::size_t>(row);
    data.selected_offsets[at] = row + (data.chosen[at] > sum ? 1 : 0);
  }
  // As if every row selected as many.
  for (std::int64_t i = selected * first / data.rows; i < selected * last / data.rows; ++i) {
    data.selected_slots[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i + 1);
  }
}

}  // namespace bench
