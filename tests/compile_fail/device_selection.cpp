// SPDX-License-Identifier: MIT
// expected: dynamicpo: the execution policy and the scores live in different memory spaces
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::select_negatives(po::exec::seq, po::select::all{}, po::scores<double>{}, {});
#else
  return po::select_negatives(po::exec::seq, po::select::all{}, po::scores<double, po::space::device>{}, {});
#endif
}
