// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"

/// Margins: m_i = beta_i (u_w - u_i) - target, the difference of two items' utilities. A margin gives
///   utility(score, ratio)  u of one item, of its score and its log-ratio
///   slope(utility)             du / d(score)
///   target()                   subtracted from every m_i
///   needs_reference            whether the log-ratio is read
///   can_underflow              whether u may round to 0 for a finite score
namespace dynamicpo::inline v1::margin {

/// u = rho = s - r, the log-ratio to the reference (s itself when reference-free). Source: DPO (arXiv 2305.18290).
struct log_ratio {
  static constexpr bool lane_wise = true;
  static constexpr bool needs_reference = true;
  static constexpr bool can_underflow = false;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T utility(const T&, const T& ratio) const {
    return ratio;
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T slope(const T&) const {
    return T(1);
  }
  DYNAMICPO_HD constexpr double target() const { return 0.0; }
};

/// u = s, and a margin to reach: m_i = beta_i (s_w - s_i) - target. Source: SimPO (arXiv 2405.14734), which uses
/// length-normalised scores.
struct score_difference {
  static constexpr bool lane_wise = true;
  static constexpr bool needs_reference = false;
  static constexpr bool can_underflow = false;
  double target_margin = 0.0;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T utility(const T& score, const T&) const {
    return score;
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T slope(const T&) const {
    return T(1);
  }
  DYNAMICPO_HD constexpr double target() const { return target_margin; }
};

/// u = exp(s), the probability itself; no reference. Source: MPPO (arXiv 2412.15244), which uses the average
/// likelihood: length-normalised scores. The probability of a whole sequence underflows below about -103 in float.
struct probability {
  static constexpr bool lane_wise = true;
  static constexpr bool needs_reference = false;
  static constexpr bool can_underflow = true;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T utility(const T& score, const T&) const {
    return detail::elementary::exp(score);
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T slope(const T& utility) const {
    return utility;
  }
  DYNAMICPO_HD constexpr double target() const { return 0.0; }
};

}  // namespace dynamicpo::inline v1::margin
