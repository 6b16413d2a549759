// SPDX-License-Identifier: MIT
// expected: dynamicpo: the first argument must be an execution policy, such as exec::seq
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::loss(po::exec::threads{4}, po::vanilla(po::objective::dmpo), po::view(chosen, rejected),
                  po::reference_free);
#else
  return po::loss(4, po::vanilla(po::objective::dmpo), po::view(chosen, rejected), po::reference_free);
#endif
}
