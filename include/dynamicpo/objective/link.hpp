// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/softplus.hpp"

/// Links: the loss of one row as a function of its aggregate margin z, and the derivative.
/// `lane_wise`: see objective/compose.hpp.
namespace dynamicpo::inline v1::link {

/// -log sigma(z) = softplus(-z).
struct logistic {
  static constexpr bool lane_wise = true;
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T value(const T& z) const {
    return detail::softplus(static_cast<T>(-z));
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T derivative(const T& z) const {
    return -detail::logistic(static_cast<T>(-z));
  }
};

/// (1 - smoothing) softplus(-z) + smoothing softplus(z): labels flipped with that probability.
/// Source: conservative DPO (Mitchell, "A note on DPO with noisy preferences", 2023).
struct smoothed_logistic {
  static constexpr bool lane_wise = true;
  double smoothing = 0.1;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T value(const T& z) const {
    return (T(1) - T(smoothing)) * detail::softplus(static_cast<T>(-z)) + T(smoothing) * detail::softplus(z);
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T derivative(const T& z) const {
    return T(smoothing) * detail::logistic(z) - (T(1) - T(smoothing)) * detail::logistic(static_cast<T>(-z));
  }
};

/// (z - target)^2. Source: IPO (arXiv 2310.12036), target = 1 / (2 tau).
struct squared {
  static constexpr bool lane_wise = true;
  double target = 0.5;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T value(const T& z) const {
    const T distance = z - T(target);
    return distance * distance;
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T derivative(const T& z) const {
    return T(2) * (z - T(target));
  }
};

/// max(0, target - z); the derivative at the kink is 0. Source: SLiC (arXiv 2305.10425).
struct hinge {
  static constexpr bool lane_wise = true;
  double target = 1.0;

  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T value(const T& z) const {
    const T gap = T(target) - z;
    return detail::where(gap < T(0), T(0), gap);
  }
  template <class T>
  DYNAMICPO_INLINE DYNAMICPO_HD constexpr T derivative(const T& z) const {
    return detail::where(z < T(target), T(-1), T(0));
  }
};

}  // namespace dynamicpo::inline v1::link
