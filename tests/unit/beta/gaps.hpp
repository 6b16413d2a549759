// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <vector>

namespace beta_test {

inline double mean_of(const std::vector<double>& x) {
  double sum = 0;
  for (const double each : x) { sum += each; }
  return sum / static_cast<double>(x.size());
}

/// Whether a is b up to rounding; never for NaN.
inline bool near(double a, double b, double tolerance = 1e-12) {
  return std::abs(a - b) <= tolerance * (1 + std::abs(b));
}

}  // namespace beta_test
