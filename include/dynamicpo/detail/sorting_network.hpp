// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <type_traits>
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
  unrolled<Count>([&](auto k) __attribute__((always_inline)) { held[k] = values[k]; });
  unrolled<network::size>([&](auto n) __attribute__((always_inline)) {
    constexpr comparator at = network::comparators[n];
    put_in_order(held[at.low], held[at.high]);
  });
  unrolled<Count>([&](auto k) __attribute__((always_inline)) { values[k] = held[k]; });
}

/// Comparators at a distance within each of `Size` numbers' halves, quarters, .. down to neighbours: sorts a sequence
/// that rises and falls.
template <std::size_t Size, class V>
DYNAMICPO_INLINE void merge_in_registers(V* values) {
  V held[Size];
  unrolled<Size>([&](auto k) __attribute__((always_inline)) { held[k] = values[k]; });
  unrolled<std::bit_width(Size) - 1>([&](auto step) __attribute__((always_inline)) {
    constexpr std::size_t distance = Size >> (step + 1);
    unrolled<Size / 2>([&](auto n) __attribute__((always_inline)) {
      constexpr std::size_t low = n / distance * 2 * distance + n % distance;
      put_in_order(held[low], held[low + distance]);
    });
  });
  unrolled<Size>([&](auto k) __attribute__((always_inline)) { values[k] = held[k]; });
}

/// Merges two ascending halves of `Half` numbers each: the first three of the steps of Batcher's bitonic merge on eight
/// numbers at a time, then the others on neighbours.
template <std::size_t Half, class V>
DYNAMICPO_INLINE void merge_halves(V* values) {
  constexpr std::size_t quarter = Half / 4;
  for (std::size_t i = 0; i < quarter; ++i) {
    V low[4], high[4];
    V *const rising = values + i, *const falling = values + 2 * Half - 1 - i;
    unrolled<4>([&](auto t) __attribute__((always_inline)) {
      low[t] = rising[t * quarter];
      high[t] = *(falling - t * quarter);
      put_in_order(low[t], high[t]);
    });
    unrolled<2>([&](auto t) __attribute__((always_inline)) {
      put_in_order(low[t], low[t + 2]);
      put_in_order(high[t + 2], high[t]);
    });
    unrolled<2>([&](auto t) __attribute__((always_inline)) {
      put_in_order(low[2 * t], low[2 * t + 1]);
      put_in_order(high[2 * t + 1], high[2 * t]);
    });
    unrolled<4>([&](auto t) __attribute__((always_inline)) {
      rising[t * quarter] = low[t];
      *(falling - t * quarter) = high[t];
    });
  }
  for (std::size_t i = 0; i < 2 * Half; i += quarter) { merge_in_registers<quarter>(values + i); }
}

/// Sorts value(0) .. value(count - 1) in each lane, ascending, in `room` for Most, 64, 128 or 256; where they begin
/// there.
template <std::size_t Most, class V, class Value>
DYNAMICPO_INLINE const V* sort_lanes(V* room, std::size_t count, Value value) {
  constexpr std::size_t block = 16;
  const std::size_t size = std::max(block, std::bit_ceil(count)), absent = size - count;
  V* const sorted = room + absent;
  for (std::size_t k = 0; k < count; ++k) { sorted[k] = value(k); }
  // What fills up the size comes first in order, and stays there.
  const std::size_t first = absent / block * block;
  for (V* at = room + (count <= 4 ? 12 : count <= 8 ? 8 : 0); at < sorted; ++at) {
    *at = V(-std::numeric_limits<typename V::element>::infinity());
  }
  for (std::size_t begin = first; begin < size; begin += block) {
    const std::size_t taken = count - (size - begin - block);
    if (taken <= 4) {
      sort_in_registers<4>(room + begin + 12);
    } else if (taken <= 8) {
      sort_in_registers<8>(room + begin + 8);
    } else {
      sort_in_registers<16>(room + begin);
    }
  }
  // Where the first half is of what fills up, both are in order.
  const auto merge_all = [&](auto size_of_half) __attribute__((always_inline)) {
    if (size <= size_of_half) { return; }
    const std::size_t whole = absent / (2 * size_of_half) * (2 * size_of_half);
    for (std::size_t begin = whole + size_of_half <= absent ? whole + 2 * size_of_half : whole; begin < size;
         begin += 2 * size_of_half) {
      merge_halves<size_of_half>(room + begin);
    }
  };
  unrolled<std::bit_width(Most / block) - 1>([&](auto step) __attribute__((always_inline)) {
    merge_all(std::integral_constant<std::size_t, (block << step)>{});
  });
  return sorted;
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
