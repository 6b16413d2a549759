// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/error.hpp"

/// What one token's logits add up to, and the slope of a log-probability by them.
namespace dynamicpo::inline v1::detail {

inline constexpr double no_logit = -elementary_float::infinity<double>;

/// log of the sum of e^x as most + log1p(rest), and what else a pass gathers. The greatest is left out of the sums, so
/// that what is small beside its 1 keeps its digits.
struct softmax_sums {
  double most = no_logit;
  double rest = 0;      ///< of e^(x - most), but that of `argmax`
  double weighted = 0;  ///< of (x - most) e^(x - most)
  index argmax = -1;    ///< the first that is greatest

  DYNAMICPO_HD double log_probability(double logit) const { return (logit - most) - elementary::log1p(rest); }
  DYNAMICPO_HD double log_sum() const { return most + elementary::log1p(rest); }
  DYNAMICPO_HD double entropy() const { return elementary::log1p(rest) - weighted / (1 + rest); }

  DYNAMICPO_HD void spoil() { rest = elementary_float::nan<double>; }
  /// A logit above all before, which is not added: what was is rescaled. False of +inf, which spoils the sums.
  DYNAMICPO_HD bool climb(double greatest, index place) {
    if (most > no_logit) { rescale(greatest); }
    most = greatest;
    argmax = place;
    if (greatest < -no_logit) { return true; }
    spoil();
    return false;
  }
  /// Adds the sums over other logits.
  DYNAMICPO_HD void merge(softmax_sums other) {
    const bool other_first = most < other.most || (most == other.most && other.argmax < argmax);
    if (other_first) {
      const softmax_sums kept = *this;
      *this = other;
      other = kept;
    }
    if (other.most > no_logit && most < -no_logit) { other.rescale(most); }  // else it has no sums, but may be spoilt
    rest += other.rest;
    weighted += other.weighted;
  }

 private:
  // The greatest becomes one of the rest, under a shift no less than it.
  DYNAMICPO_HD void rescale(double shift) {
    const double step = most - shift, factor = elementary::exp(step);
    weighted = factor > 0 ? factor * (weighted + (1 + rest) * step) : 0;
    rest = factor * (1 + rest);
  }
};

/// coefficient ([v = label] - e^(x - log_sum)) for numbers or lanes of them. log_sum in two parts: one number of x's
/// precision would be a relative error in every probability.
template <class V>
class softmax_slope {
 public:
  using number = elementary_float::element_of<V>;

  DYNAMICPO_INLINE DYNAMICPO_HD softmax_slope(double log_sum, double coefficient)
      : high_(static_cast<number>(log_sum)),
        low_(static_cast<number>(log_sum - static_cast<double>(high_))),
        minus_(static_cast<number>(-coefficient)),
        log_sum_(log_sum),
        coefficient_(coefficient) {}

  DYNAMICPO_INLINE DYNAMICPO_HD V of_others(const V& x) const {
    return V(minus_) * elementary::decay((x - V(high_)) - V(low_));
  }
  DYNAMICPO_INLINE DYNAMICPO_HD number
  of_label(number x) const {  // in double, by expm1: what is left of 1 may be little
    using std::expm1;
    const double distance = static_cast<double>(x) - log_sum_;
    return static_cast<number>(-coefficient_ * expm1(distance < 0 || !(distance == distance) ? distance : 0));
  }

 private:
  number high_, low_, minus_;
  double log_sum_, coefficient_;
};

}  // namespace dynamicpo::inline v1::detail
