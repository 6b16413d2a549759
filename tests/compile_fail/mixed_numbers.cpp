// SPDX-License-Identifier: MIT
// expected: dynamicpo::view: chosen and rejected hold different number types
#include <vector>

#include "dynamicpo/score/scores.hpp"

int main() {
  const std::vector<float> chosen(2), rejected(6);
  const std::vector<double> other(6);
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return static_cast<int>(dynamicpo::view(chosen, rejected).rows());
#else
  return static_cast<int>(dynamicpo::view(chosen, other).rows());
#endif
}
