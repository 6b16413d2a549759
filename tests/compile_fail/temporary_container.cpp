// SPDX-License-Identifier: MIT
// expected: dynamicpo::view: refuses a temporary container, its memory ends before the view is used
#include <vector>

#include "dynamicpo/score/scores.hpp"

int main() {
  const std::vector<float> chosen(2), rejected(6);
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return static_cast<int>(dynamicpo::view(chosen, rejected).rows());
#else
  return static_cast<int>(dynamicpo::view(chosen, std::vector<float>(6)).rows());
#endif
}
