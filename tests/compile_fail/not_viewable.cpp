// SPDX-License-Identifier: MIT
// expected: dynamicpo::view: rejected is not viewable memory
#include <list>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);
std::list<double> linked(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::view(chosen, rejected);
#else
  return po::view(chosen, linked);
#endif
}
