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
#include "dynamicpo/detail/lanes.hpp"

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

/// Sorts finite numbers; up to 128 of them by counting, for each, those below it.
template <std::floating_point T>
DYNAMICPO_INLINE void sort_few(std::span<T> values) {
  using pack = lanes<T, 128 / sizeof(T), 32>;
  constexpr std::size_t few = 128;
  const std::size_t size = values.size();
  if (size > few) { return std::sort(values.begin(), values.end()); }
  std::array<T, few> unsorted;
  std::copy(values.begin(), values.end(), unsorted.begin());
  const std::size_t padded = (size + pack::count - 1) / pack::count * pack::count;
  for (std::size_t i = size; i < padded; ++i) { unsorted[i] = T(0); }
  // Equal ones share a place; those after it stay infinite, and take the value before them.
  std::fill(values.begin(), values.end(), std::numeric_limits<T>::infinity());
  for (std::size_t i = 0; i < size; i += pack::count) {
    const pack mine = pack::load(unsorted.data() + i);
    typename pack::truth below(0);
    for (std::size_t j = 0; j < size; ++j) { below += pack(unsorted[j]) < mine; }
    const std::size_t last = std::min(pack::count, size - i);
    for (std::size_t lane = 0; lane < last; ++lane) {
      values[static_cast<std::size_t>(-below[lane])] = unsorted[i + lane];
    }
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (values[i] == std::numeric_limits<T>::infinity()) { values[i] = values[i - 1]; }
  }
}

}  // namespace dynamicpo::inline v1::detail
