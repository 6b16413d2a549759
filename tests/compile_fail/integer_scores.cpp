// SPDX-License-Identifier: MIT
// expected: dynamicpo: the score type is no scalar
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);
std::vector<int> counts(4);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), po::view(chosen, rejected), po::reference_free);
#else
  return po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), po::view(counts, counts), po::reference_free);
#endif
}
