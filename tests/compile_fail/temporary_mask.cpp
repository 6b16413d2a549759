// SPDX-License-Identifier: MIT
// expected: dynamicpo: refuses a temporary container, its memory ends before the view is used
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);
std::vector<std::uint8_t> mask(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::view(chosen, rejected).with_mask(mask);
#else
  return po::view(chosen, rejected).with_mask(std::vector<std::uint8_t>(12));
#endif
}
