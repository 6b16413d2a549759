// SPDX-License-Identifier: MIT
// expected: lazy expressions must be evaluated first
#include "dynamicpo/adapt/eigen.hpp"
#include "dynamicpo/score/scores.hpp"

int main() {
  Eigen::VectorXf chosen(2);
  Eigen::MatrixXf logits(2, 3), penalty(2, 3);
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const Eigen::MatrixXf rejected = logits - penalty;
  return static_cast<int>(dynamicpo::view(chosen, rejected).rows());
#else
  return static_cast<int>(dynamicpo::view(chosen, logits - penalty).rows());
#endif
}
