// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstring>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// Short rows to and from memory, in blocks the last of which overlaps the one before.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// fill_rows pauses before every so many rows.
inline constexpr std::size_t rows_between_pauses = 4;

/// to[l][k] = values[l] for l < Rows and k < n, in blocks of `Bytes` or, where n is less, of halves of that. One row
/// after the other, each written to its end and no further; where it pauses, pause() is called.
template <std::size_t Bytes, std::size_t Rows, class T, class Places, class Pause>
DYNAMICPO_INLINE void fill_rows(const T (&values)[Rows], const Places& to, std::size_t n, const Pause& pause) {
  constexpr std::size_t size = Bytes / sizeof(T);
  if constexpr (Bytes < 16) {
    for (std::size_t l = 0; l < Rows; ++l) {
      if (l % rows_between_pauses == 0) { pause(); }
      for (std::size_t k = 0; k < n; ++k) { to[l][k] = values[l]; }
    }
  } else if (n < size) {
    fill_rows<Bytes / 2>(values, to, n, pause);
  } else {
    typedef T block __attribute__((vector_size(Bytes)));  // NOLINT(modernize-use-using): an attribute
    for (std::size_t l = 0; l < Rows; ++l) {
      if (l % rows_between_pauses == 0) { pause(); }
      T* const row = to[l];
      block all;
      broadcast(values[l], all);
      store_to(row, all);
      for (std::size_t k = size; k + size < n; k += size) { store_to(row + k, all); }
      store_to(row + (n - size), all);
    }
  }
}

/// to[k] = from[k] for k < n, in blocks of 16 bytes.
template <class T>
DYNAMICPO_INLINE void copy_row(const T* from, T* to, std::size_t n) {
  constexpr std::size_t size = 16 / sizeof(T);
  if (n < size) {
    for (std::size_t k = 0; k < n; ++k) { to[k] = from[k]; }
    return;
  }
  for (std::size_t k = 0; k + size < n; k += size) { std::memcpy(to + k, from + k, 16); }
  std::memcpy(to + (n - size), from + (n - size), 16);
}

/// n numbers of memory in the first lanes, 0 in the others; n <= V::count.
template <class V, class T>
DYNAMICPO_INLINE V load_first(const T* from, std::size_t n) {
  alignas(64) T numbers[V::count];
  V(0).store(numbers);
  copy_row(from, numbers, n);
  return V::load(numbers);
}
/// The first n lanes to memory.
template <class V, class T>
DYNAMICPO_INLINE void store_first(const V& from, T* to, std::size_t n) {
  alignas(64) T numbers[V::count];
  from.store(numbers);
  copy_row(numbers, to, n);
}
/// True in the first n lanes.
template <class V>
DYNAMICPO_INLINE typename V::truth first_lanes(std::size_t n) {
  using number = bits_of<typename V::element>;
  alignas(64) static constexpr auto order = [] {
    std::array<number, V::count> all{};
    for (std::size_t l = 0; l < V::count; ++l) { all[l] = static_cast<number>(l); }
    return all;
  }();
  return V::truth::load(order.data()) < typename V::truth(static_cast<number>(n));
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
