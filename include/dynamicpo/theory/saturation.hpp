// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "dynamicpo/error.hpp"
#include "dynamicpo/objective/aggregate.hpp"

/// When a row stops learning: under the logistic link |dL/dz| = sigma(-z), below `share` once z passes
/// saturation_margin.
namespace dynamicpo::inline v1::theory {

/// z with sigma(-z) = share: log((1 - share) / share); 6.907 for the 1e-3 of the instruments.
inline double saturation_margin(double share = 1e-3) {
  if (!(share > 0 && share < 1)) {
    detail::throw_invalid("theory::saturation_margin",
                          "share is " + std::to_string(share) + ", expected one in (0, 1)");
  }
  return std::log((1 - share) / share);
}

/// A row of one hard negative and K - 1 easy ones. `saturates` is the least K at which it is saturated; nothing: never.
struct growing_row {
  double hardest = -2, easy = 20;  ///< margins, hardest <= easy
  double share = 1e-3;             ///< below 1/2

  /// DMPO: z_K = easy + (hardest - easy) / K rises to `easy`.
  std::optional<double> saturates(const aggregate::mean&) const {
    const double limit = saturation_margin(share);
    if (hardest > limit) { return 1; }
    if (!(easy > limit)) { return std::nullopt; }
    return std::isfinite(easy) ? std::floor((easy - hardest) / (easy - limit)) + 1 : 2.0;
  }
  /// S-DPO: z_K = -log(e^-hardest + (K - 1) e^-easy) falls: a row that is wrong is never saturated, and one that is
  /// learns again from learns_again() on.
  std::optional<double> saturates(const aggregate::soft_minimum&) const {
    return hardest > saturation_margin(share) ? std::optional<double>(1) : std::nullopt;
  }
  double learns_again(const aggregate::soft_minimum&) const {
    const double limit = saturation_margin(share);
    return hardest > limit ? std::ceil(std::exp(easy - limit) * -std::expm1(limit - hardest)) + 1 : 1;
  }
  /// MPPO: z_K = hardest + (K - 1) easy grows without bound, if easy ones are won at all.
  std::optional<double> saturates(const aggregate::sum&) const {
    const double limit = saturation_margin(share);
    if (hardest > limit) { return 1; }
    if (!(easy > 0)) { return std::nullopt; }
    return std::floor((limit - hardest) / easy) + 2;
  }
};

/// MPPO and the size of the boundary: n negatives of one margin m pull with n sigma(-n m) in all. For m > 0 that is
/// most at n m = 1.278 (1 + W(1/e)) and falls beyond, so that leaving negatives out makes a row learn more; for m <= 0
/// it grows with n.
inline double pull_of_equal_margins(double n, double m) { return n / (1 + std::exp(n * m)); }
/// The n > 0 at which they pull most, for m > 0.
inline double strongest_count(double m) { return 1.2784645427610738 / m; }

}  // namespace dynamicpo::inline v1::theory
