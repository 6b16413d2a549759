// SPDX-License-Identifier: MIT
// expected: dynamicpo: pipeline.select is no selection
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

int main() {
  const std::vector<float> chosen(2), rejected(6);
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const po::pipeline pipeline{po::select::boundary{}, po::beta::fixed{}, po::objective::dmpo};
#else
  const po::pipeline pipeline{po::beta::fixed{}, po::beta::fixed{}, po::objective::dmpo};
#endif
  return static_cast<int>(po::loss(po::exec::seq, pipeline, po::view(chosen, rejected), po::reference_free).rows);
}
