// SPDX-License-Identifier: MIT
// expected: dynamicpo: refuses a temporary container, its memory ends before the view is used
#include <cstdint>
#include <vector>

#include "dynamicpo/score/scores.hpp"

int main() {
  const std::vector<float> chosen(2), rejected(6);
  const std::vector<std::int64_t> offsets{0, 2, 6};
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return static_cast<int>(dynamicpo::view(chosen, rejected, offsets).rows());
#else
  return static_cast<int>(dynamicpo::view(chosen, rejected, std::vector<std::int64_t>{0, 2, 6}).rows());
#endif
}
