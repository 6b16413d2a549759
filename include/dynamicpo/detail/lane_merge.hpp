// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <utility>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/sorting_network.hpp"

/// Merging what each lane has in order, until all lanes together are: a few numbers sorted in registers.
namespace dynamicpo::inline v1::detail {

#if !defined(__CUDACC__)  // nvcc cannot pass on the shuffles
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// For each lane of `x` the lesser number of its own and that which `other` has there, or the greater: of lanes without
/// that bit, and with it.
template <std::size_t Bit, class Vector, std::size_t... Lane>
DYNAMICPO_INLINE void order_by_lane(const Vector& x, const Vector& other, Vector& to, std::index_sequence<Lane...>) {
  const Vector low = x < other ? x : other, high = other < x ? x : other;
  to = __builtin_shufflevector(low, high, (Lane + ((Lane & Bit) == 0 ? 0 : sizeof...(Lane)))...);
}

/// Comparators between lanes at a distance, at half of it, .. down to neighbours, in each of the columns.
template <std::size_t Distance, std::size_t Columns, class V, std::size_t... Lane>
DYNAMICPO_INLINE void order_lanes(V* columns, std::index_sequence<Lane...> all) {
  if constexpr (Distance > 0) {
    unrolled<Columns>([&](auto k) __attribute__((always_inline)) {
      auto& column = columns[k].part[0];
      const auto across = __builtin_shufflevector(column, column, (Lane ^ Distance)...);
      order_by_lane<Distance>(column, across, column, all);
    });
    order_lanes<Distance / 2, Columns>(columns, all);
  }
}

/// Of groups of `Span` lanes each half is an ascending sequence, column by column of one lane and then of the next;
/// after it each group is one. Source: Batcher's bitonic merge, the comparators between lanes first.
template <std::size_t Span, std::size_t Columns, class V, std::size_t... Lane>
DYNAMICPO_INLINE void merge_lanes(V* columns, std::index_sequence<Lane...> all) {
  unrolled<Columns / 2>([&](auto k) __attribute__((always_inline)) {
    auto &first = columns[k].part[0], &last = columns[Columns - 1 - k].part[0];
    const auto first_turned = __builtin_shufflevector(first, first, (Lane ^ (Span - 1))...);
    const auto last_turned = __builtin_shufflevector(last, last, (Lane ^ (Span - 1))...);
    order_by_lane<Span / 2>(first, last_turned, first, all);
    order_by_lane<Span / 2>(last, first_turned, last, all);
  });
  order_lanes<Span / 4, Columns>(columns, all);
  merge_in_registers<Columns>(columns);
}

/// Sorts all numbers of `Columns` registers, ascending: column by column of one lane and then of the next. Of 0 and -0
/// either may take the other's sign.
template <std::size_t Columns, class V>
DYNAMICPO_INLINE void sort_across_lanes(V* columns) {
  static_assert(V::parts == 1);
  sort_in_registers<Columns>(columns);
  unrolled<std::bit_width(V::count) - 1>([&](auto step) __attribute__((always_inline)) {
    merge_lanes<(std::size_t{2} << step), Columns>(columns, std::make_index_sequence<V::count>{});
  });
}

#pragma GCC diagnostic pop
#endif

}  // namespace dynamicpo::inline v1::detail
