// SPDX-License-Identifier: MIT
// expected: the execution policy and the scores live in different memory spaces
#include "device_stream.hpp"

namespace po = dynamicpo;

int main() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const po::exec::sequential exec{};
#else
  const device_stream exec{};
#endif
  const po::scores<float> policy{};
  return static_cast<int>(po::loss(exec, po::vanilla(po::objective::dmpo), policy, po::reference_free).rows);
}
