// SPDX-License-Identifier: MIT
// expected: dynamicpo: pipeline.beta is no beta rule
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::loss(po::exec::seq, po::pipeline{po::select::all{}, po::beta::fixed{.base = 0.1}, po::objective::dmpo},
                  po::view(chosen, rejected), po::reference_free);
#else
  return po::loss(po::exec::seq, po::pipeline{po::select::all{}, 0.1, po::objective::dmpo},
                  po::view(chosen, rejected), po::reference_free);
#endif
}
