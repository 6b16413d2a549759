// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/row_stores.hpp"
#include "dynamicpo/detail/stream_store.hpp"

/// Rows side by side in memory, all entries of a row the same: written a line at a time, each one permutation of the
/// lanes, and so fit to go past the caches.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// Whether V's registers are lines, and can be permuted by lanes that are not constants.
#if defined(__clang__) || defined(__CUDACC__)
template <class V>
inline constexpr bool fills_lines = false;  // no built-in of the language does
#else
template <class V>
inline constexpr bool fills_lines = V::parts == 1 && V::bytes == 64;
#endif

#if !defined(__clang__) && !defined(__CUDACC__)
/// to[l * columns + k] = lane l of `from`, k < columns <= 64. Whole lines go past the caches.
template <class V, class T = typename V::element>
DYNAMICPO_INLINE void fill_lines_past_caches(const V& from, std::size_t columns, T* to) {
  static_assert(fills_lines<V>);
  using number = bits_of<T>;
  using numbers = typename V::truth::vector;
  constexpr std::size_t line = V::count;
  // Entry e is of row (e inverse) / 2^16: the product is below (e / columns) 2^16 + 2^16 / columns up to e = 1024.
  const auto inverse = static_cast<number>(65536 / columns + 1);
  constexpr auto order = []<number... I>(std::integer_sequence<number, I...>) { return numbers{I...}; }
  (std::make_integer_sequence<number, line>{});
  const numbers first = order * inverse;
  const auto entries_from = [&](std::size_t entry) __attribute__((always_inline)) {
    V entries;
    entries.part[0] = __builtin_shuffle(from.part[0], (first + static_cast<number>(entry) * inverse) >> 16);
    return entries;
  };
  const std::size_t past = reinterpret_cast<std::uintptr_t>(to) % 64 / sizeof(T), all = line * columns;
  const std::size_t head = past == 0 ? 0 : line - past;
  if (head > 0) {  // two lines are shared with other tiles
    store_first(entries_from(0), to, head);
    store_first(entries_from(all - past), to + (all - past), past);
    ask_ahead<true>(to, 2 * all * sizeof(T));
  }
  for (std::size_t i = head; i + line <= all; i += line) { store_line_past_caches(entries_from(i).part[0], to + i); }
}
#endif

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
