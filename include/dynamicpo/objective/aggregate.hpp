// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <span>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

/// Aggregates: z of the margins m_1..m_n, n >= 1. `reduce` returns z and replaces each m_i by dz/dm_i.
/// Sums are held in accumulator_of<T> and taken in order.
namespace dynamicpo::inline v1::aggregate {

inline constexpr index unlimited = std::numeric_limits<index>::max();

/// z = m_1; more than one margin is an error of the caller.
struct single {
  static constexpr index max_negatives = 1;

  template <class T>
  DYNAMICPO_HD constexpr T reduce(std::span<T> margins) const {
    const T z = margins[0];
    margins[0] = T(1);
    return z;
  }
};

namespace detail {
template <class T>
DYNAMICPO_HD constexpr accumulator_of<T> sum(std::span<T> values) {
  accumulator_of<T> total(0);
  for (const T& value : values) { total += value; }
  return total;
}
template <class T>
DYNAMICPO_HD constexpr void fill(std::span<T> values, const T& value) {
  for (T& slot : values) { slot = value; }
}
}  // namespace detail

/// z = (1/n) sum of m_i. Source: DMPO (10.1145/3627673.3679611).
struct mean {
  static constexpr index max_negatives = unlimited;

  template <class T>
  DYNAMICPO_HD constexpr T reduce(std::span<T> margins) const {
    const accumulator_of<T> count(static_cast<double>(margins.size()));
    const T z = static_cast<T>(detail::sum(margins) / count);
    detail::fill(margins, static_cast<T>(accumulator_of<T>(1) / count));
    return z;
  }
};

/// z = sum of m_i. Source: MPPO (arXiv 2412.15244).
struct sum {
  static constexpr index max_negatives = unlimited;

  template <class T>
  DYNAMICPO_HD constexpr T reduce(std::span<T> margins) const {
    const T z = static_cast<T>(detail::sum(margins));
    detail::fill(margins, T(1));
    return z;
  }
};

/// z = -logsumexp(-m), at most the least margin; dz/dm = softmax(-m). Shifted by the least margin, so nothing overflows
/// and a lone margin is itself, exactly. Source: S-DPO (arXiv 2406.09215).
struct soft_minimum {
  static constexpr index max_negatives = unlimited;

  template <class T>
  DYNAMICPO_HD constexpr T reduce(std::span<T> margins) const {
    T least = margins[0];
    for (const T& margin : margins) { least = margin < least ? margin : least; }
    for (T& margin : margins) { margin = dynamicpo::detail::elementary::exp(static_cast<T>(least - margin)); }
    const T total = static_cast<T>(detail::sum(margins));
    for (T& weight : margins) { weight = weight / total; }
    return least - dynamicpo::detail::elementary::log(total);
  }
};

}  // namespace dynamicpo::inline v1::aggregate
