// SPDX-License-Identifier: MIT
// expected: dynamicpo: not a selection
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::select_negatives(po::exec::seq, po::select::all{}, po::view(chosen, rejected), {});
#else
  return po::select_negatives(po::exec::seq, po::exec::seq, po::view(chosen, rejected), {});
#endif
}
