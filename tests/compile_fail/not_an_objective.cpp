// SPDX-License-Identifier: MIT
// expected: dynamicpo: pipeline.objective is no objective
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::loss(po::exec::seq, po::vanilla(po::objective::ipo(0.1)), po::view(chosen, rejected), po::reference_free);
#else
  return po::loss(po::exec::seq, po::vanilla(po::objective::ipo), po::view(chosen, rejected), po::reference_free);
#endif
}
