// SPDX-License-Identifier: MIT
// expected: this execution policy takes whole batches, include dynamicpo/evaluate.cuh
#include "device_stream.hpp"

namespace po = dynamicpo;

int main() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const po::scores<float> policy{};
  po::loss(po::exec::seq, po::vanilla(po::objective::dmpo), policy, po::reference_free);
#else
  const po::scores<float, po::space::device> policy{};
  po::loss(device_stream{}, po::vanilla(po::objective::dmpo), policy, po::reference_free);
#endif
}
