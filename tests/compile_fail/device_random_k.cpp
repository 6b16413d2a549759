// SPDX-License-Identifier: MIT
// expected: dynamicpo: this selection does not run on a device, as all, violators, threshold, boundary and top_k do
#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/select_negatives.cuh"

namespace po = dynamicpo;

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const po::select::top_k select{3};
#else
  const po::select::random_k select{3};
#endif
  return po::select_negatives(po::exec::cuda_stream{}, select, po::scores<float, po::space::device>{}, {});
}
