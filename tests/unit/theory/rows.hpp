// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "dynamicpo/sample/philox.hpp"

namespace theory_test {

/// Margins of row `i`: ordinary, equal, nearly equal, of one hard and easy others, far from 0, or huge.
inline std::vector<double> margins_of(std::uint64_t i) {
  dynamicpo::sample::philox_engine random{20260500327, i};
  const auto between = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  std::vector<double> margins(1 + random.below(1u << random.below(7)));
  const std::uint32_t kind = random.below(6);
  const double centre = between(-30, 30);
  for (double& each : margins) {
    switch (kind) {
      case 0:
        each = between(-8, 8);
        break;
      case 1:
        each = centre;
        break;
      case 2:
        each = centre + 1e-9 * random.below(4);
        break;
      case 3:
        each = between(15, 25);
        break;
      case 4:
        each = centre + between(-1, 1);
        break;
      default:
        each = between(-600, 600);
    }
  }
  if (kind == 3) { margins[random.below(static_cast<std::uint32_t>(margins.size()))] = between(-5, 1); }
  return margins;
}

}  // namespace theory_test
