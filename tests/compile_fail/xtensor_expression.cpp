// SPDX-License-Identifier: MIT
// expected: lazy expressions must be evaluated first
#include "dynamicpo/adapt/xtensor.hpp"
#include "dynamicpo/score/scores.hpp"

int main() {
  xt::xtensor<float, 1> chosen = xt::zeros<float>({2});
  xt::xtensor<float, 2> logits = xt::zeros<float>({2, 3}), penalty = logits;
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const xt::xtensor<float, 2> rejected = logits - penalty;
  return static_cast<int>(dynamicpo::view(chosen, rejected).rows());
#else
  return static_cast<int>(dynamicpo::view(chosen, logits - penalty).rows());
#endif
}
