// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdio>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

// Policy and reference agree, so the DMPO loss of a row is log 2.
int main() {
  namespace po = dynamicpo;
  const std::vector<double> chosen{-3.0}, rejected{-2.0, -4.0};
  const auto scores = po::view(chosen, rejected);
  const auto result = po::loss(po::exec::seq, po::dynamic(po::objective::dmpo), scores, scores);
  std::printf("dynamicpo %s: loss %.17g\n", po::version, result.loss);
  return std::abs(result.loss - std::log(2.0)) <= 1e-15 ? 0 : 1;
}
