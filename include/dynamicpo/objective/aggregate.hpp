// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <span>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/objective/margins.hpp"
#include "dynamicpo/score/scalar.hpp"

/// Aggregates: z of the margins m_1..m_n, n >= 1. `reduce` returns z and replaces each m_i by dz/dm_i.
/// Sums are held in accumulator_of<T> and taken in order.
///
/// `reduce` takes a std::span<T> of one row's margins. One that is `lane_wise` takes detail::lane_margins as well and
/// goes through sum, replaced_sum, count, least and the range alone; `absent` is the margin that leaves its z as it is.
namespace dynamicpo::inline v1::aggregate {

inline constexpr index unlimited = std::numeric_limits<index>::max();

/// z = (1/n) sum of m_i. Source: DMPO (10.1145/3627673.3679611).
struct mean {
  static constexpr index max_negatives = unlimited;
  static constexpr bool lane_wise = true;
  static constexpr bool uniform = true;
  static constexpr double absent = 0.0;

  template <class Margins, class T = detail::margin_type<Margins>>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T reduce(const Margins& margins) const {
    const T z = static_cast<T>(detail::sum(margins) / detail::count(margins));
    detail::set_weight(margins, detail::share(margins));
    return z;
  }
};

/// z = sum of m_i. Source: MPPO (arXiv 2412.15244).
struct sum {
  static constexpr index max_negatives = unlimited;
  static constexpr bool lane_wise = true;
  static constexpr bool uniform = true;
  static constexpr double absent = 0.0;

  template <class Margins, class T = detail::margin_type<Margins>>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T reduce(const Margins& margins) const {
    const T z = static_cast<T>(detail::sum(margins));
    detail::set_weight(margins, T(1));
    return z;
  }
};

/// z = m_1, the sum of one margin; more than one is an error of the caller.
struct single : sum {
  static constexpr index max_negatives = 1;
};

/// z = -logsumexp(-m), at most the least margin; dz/dm = softmax(-m). Shifted by the least margin, so nothing overflows
/// and a lone margin is itself, exactly. Source: S-DPO (arXiv 2406.09215).
struct soft_minimum {
  static constexpr index max_negatives = unlimited;
  static constexpr bool lane_wise = true;
  static constexpr double absent = std::numeric_limits<double>::infinity();

  template <class Margins, class T = detail::margin_type<Margins>>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T reduce(const Margins& margins) const {
    T share(1);
    const T z = reduce_to_shares(margins, share);
    for (T& weight : margins) { weight = weight * share; }
    return z;
  }
  /// The same with dz/dm_i = share times what m_i becomes.
  template <class Margins, class T = detail::margin_type<Margins>>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T reduce_to_shares(const Margins& margins, T& share) const {
    const T least = detail::least(margins);
    const auto decayed = [&](const T& margin) __attribute__((always_inline)) {
      return detail::elementary::decay(static_cast<T>(least - margin));
    };
    const T total = static_cast<T>(detail::replaced_sum(margins, decayed));  // 1 <= total <= n
    share = T(1) / total;
    return least - detail::elementary::log(total);
  }
};

}  // namespace dynamicpo::inline v1::aggregate
