// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>

namespace bench {

/// Sum of the magnitudes of some numbers.
double magnitude_of(const auto& numbers) {
  double sum = 0;
  for (const auto number : numbers) { sum += std::abs(static_cast<double>(number)); }
  return sum;
}

/// What two evaluations of one batch have in common: magnitudes of the row losses and of the gradient.
struct fingerprint {
  double row_loss = 0, gradient_chosen = 0, gradient_rejected = 0;

  bool agrees(const fingerprint& other) const {
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-4 * std::max(std::abs(a), std::abs(b)); };
    return near(row_loss, other.row_loss) && near(gradient_chosen, other.gradient_chosen) &&
           near(gradient_rejected, other.gradient_rejected);
  }
};

}  // namespace bench
