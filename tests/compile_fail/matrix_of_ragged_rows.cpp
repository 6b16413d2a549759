// SPDX-License-Identifier: MIT
// expected: dynamicpo::view: ragged rows take one-dimensional chosen and rejected
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

std::vector<double> chosen(4), rejected(12);
std::vector<std::int64_t> offsets{0, 3, 6, 9, 12};

auto refused() {
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return po::view(chosen, po::strided_span{rejected.data(), 12, 1}, offsets);
#else
  return po::view(chosen, po::strided_matrix{rejected.data(), 4, 3, 3, 1}, offsets);
#endif
}
