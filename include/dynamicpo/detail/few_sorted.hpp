// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lane_merge.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/transpose.hpp"

namespace dynamicpo::inline v1::detail {

/// The least and the greatest of at least one number.
template <std::floating_point T>
DYNAMICPO_INLINE std::pair<T, T> extremes(std::span<const T> values) {
  using pack = lanes<T, 128 / sizeof(T), 32>;
  T least = values[0], most = values[0];
  std::size_t i = 0;
  if (values.size() >= pack::count) {
    pack low = pack::load(values.data()), high = low;
    for (i = pack::count; i + pack::count <= values.size(); i += pack::count) {
      const pack more = pack::load(values.data() + i);
      low = where(more < low, more, low);
      high = where(high < more, more, high);
    }
    for (std::size_t lane = 0; lane < pack::count; ++lane) {
      least = std::min(least, low[lane]);
      most = std::max(most, high[lane]);
    }
  }
  for (; i < values.size(); ++i) {
    least = std::min(least, values[i]);
    most = std::max(most, values[i]);
  }
  return {least, most};
}

/// Whether any of many numbers is not below the bound.
template <elementary_float::number T>
DYNAMICPO_INLINE bool any_reaches(std::span<const T> values, T bound) {
  using pack = lanes<T, 128 / sizeof(T), 32>;
  const pack bounds = broadcast<pack>(bound);
  typename pack::truth found(0);
  std::size_t i = 0;
  for (; i + pack::count <= values.size(); i += pack::count) {
    found = found | ~(pack::load(values.data() + i) < bounds);
  }
  bool any_found = any(found);
  for (; i < values.size(); ++i) { any_found = any_found || !(values[i] < bound); }
  return any_found;
}

/// Whether many numbers are finite.
template <elementary_float::number T>
DYNAMICPO_INLINE bool all_finite(std::span<const T> values) {
  using pack = lanes<T, 128 / sizeof(T), 32>;
  pack spoilt(0);  // not a number where one is not finite
  std::size_t i = 0;
  for (; i + pack::count <= values.size(); i += pack::count) { spoilt += pack::load(values.data() + i) * pack(0); }
  bool found = any(~(spoilt == pack(0)));
  for (; i < values.size(); ++i) { found = found || !(values[i] * T(0) == T(0)); }
  return !found;
}

/// Whether any two neighbours are equal.
template <elementary_float::number T>
DYNAMICPO_INLINE bool any_repeats(std::span<const T> values) {
  using pack = lanes<T, 128 / sizeof(T), 32>;
  typename pack::truth found(0);
  std::size_t i = 1;
  for (; i + pack::count <= values.size(); i += pack::count) {
    found = found | (pack::load(values.data() + i - 1) == pack::load(values.data() + i));
  }
  bool any_found = any(found);
  for (; i < values.size(); ++i) { any_found = any_found || values[i - 1] == values[i]; }
  return any_found;
}

#if !defined(__CUDACC__)
/// Sorts up to `Most` finite numbers in registers.
template <std::size_t Most, std::floating_point T>
DYNAMICPO_INLINE void sort_in_lanes(std::span<T> values) {
  using pack = lanes<T, 32 / sizeof(T), 32>;
  constexpr std::size_t columns = Most / pack::count;
  T room[Most];
  std::copy(values.begin(), values.end(), room);
  std::fill(room + values.size(), room + Most, std::numeric_limits<T>::infinity());
  pack held[columns];
  unrolled<columns>([&](auto k) __attribute__((always_inline)) { held[k] = pack::load(room + k * pack::count); });
  sort_across_lanes<columns>(held);
  unrolled<columns / pack::count>([&](auto square) __attribute__((always_inline)) {
    constexpr std::size_t first = square * pack::count;
    panel<pack>::store_square(held + first, spaced<T>{room + first, columns});
  });
  std::copy_n(room, values.size(), values.begin());
}
#endif

/// Sorts finite numbers, up to 128 of them in registers. Of 0 and -0 either may take the other's sign.
template <std::floating_point T>
DYNAMICPO_INLINE void sort_few(std::span<T> values) {
#if !defined(__CUDACC__)
  if constexpr (elementary_float::number<T>) {
    if (values.size() <= 64) { return sort_in_lanes<64>(values); }
    if (values.size() <= 128) { return sort_in_lanes<128>(values); }
  }
#endif
  std::sort(values.begin(), values.end());
}

}  // namespace dynamicpo::inline v1::detail
