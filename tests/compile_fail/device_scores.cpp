// SPDX-License-Identifier: MIT
// expected: the execution policy and the scores live in different memory spaces
#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

int main() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const po::scores<float, po::space::host> policy{};
#else
  const po::scores<float, po::space::device> policy{};
#endif
  return static_cast<int>(po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), policy, po::reference_free).rows);
}
