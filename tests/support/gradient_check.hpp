// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace test_support {

/// Largest difference between `gradient` and the central differences of `f` at `x` (five points, error of order
/// step^4), relative to the larger of 1 and the largest entry; NaN where anything is NaN, which fails `<= tolerance`.
template <class F>
double gradient_error(const F& f, std::vector<double> x, const std::vector<double>& gradient, double step = 0x1p-9) {
  double scale = 1, worst = 0;
  for (const double entry : gradient) { scale = std::max(scale, std::abs(entry)); }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double here = x[i];
    const auto at = [&](double steps) {
      x[i] = here + steps * step;
      return f(x);
    };
    const double slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
    x[i] = here;
    const double error = std::abs(slope - gradient[i]) / scale;
    if (!(error <= worst)) { worst = error; }  // a NaN gets in
    if (std::isnan(worst)) { return worst; }
  }
  return worst;
}

/// Tolerance of `gradient_error` for smooth functions of moderate size.
inline constexpr double gradient_tolerance = 1e-9;

}  // namespace test_support
