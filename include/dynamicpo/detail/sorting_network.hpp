// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "dynamicpo/detail/lanes.hpp"

/// Sorting lane by lane, by comparators whose places do not depend on the numbers. Source: Batcher's merge exchange
/// (Knuth, The Art of Computer Programming 3, algorithm 5.2.2M), which takes any count.
namespace dynamicpo::inline v1::detail {

struct comparator {
  std::size_t low, high;
};

/// visit(low, high) for each comparator that sorts `count` numbers, in order.
template <class Visit>
DYNAMICPO_INLINE constexpr void merge_exchange(std::size_t count, Visit visit) {
  std::size_t top = 1;
  while (2 * top < count) { top *= 2; }
  for (std::size_t p = top; p > 0 && count > 1; p /= 2) {
    std::size_t q = top, r = 0, d = p;
    while (true) {
      for (std::size_t i = 0; i + d < count; ++i) {
        if ((i & p) == r) { visit(i, i + d); }
      }
      if (q == p) { break; }
      d = q - p;
      q /= 2;
      r = p;
    }
  }
}

template <std::size_t Count>
struct sorting_network {
  static constexpr std::size_t size = [] {
    std::size_t n = 0;
    merge_exchange(Count, [&](std::size_t, std::size_t) { ++n; });
    return n;
  }();
  static constexpr std::array<comparator, size> comparators = [] {
    std::array<comparator, size> list{};
    std::size_t n = 0;
    merge_exchange(Count, [&](std::size_t low, std::size_t high) { list[n++] = {low, high}; });
    return list;
  }();
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// Two comparisons, not one shared by both: so written, each line is one instruction.
template <class V>
DYNAMICPO_INLINE void put_in_order(V& low, V& high) {
  const V a = low, b = high;
  low = where(a < b, a, b);
  high = where(b < a, a, b);
}

/// Sorts `Count` numbers in each lane, ascending, in registers as far as they reach.
template <std::size_t Count, class V>
DYNAMICPO_INLINE void sort_in_registers(V* values) {
  using network = sorting_network<Count>;
  V held[Count];
  unrolled<Count>([&](auto k) { held[k] = values[k]; });
  unrolled<network::size>([&](auto n) {
    constexpr comparator at = network::comparators[n];
    put_in_order(held[at.low], held[at.high]);
  });
  unrolled<Count>([&](auto k) { values[k] = held[k]; });
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
