// SPDX-License-Identifier: MIT
// expected: dynamicpo::view: refuses a temporary container, its memory ends before the view is used
#include "dynamicpo/adapt/eigen.hpp"
#include "dynamicpo/score/scores.hpp"

int main() {
  Eigen::MatrixXf scores(2, 4);
#if defined(DYNAMICPO_POSITIVE_TWIN)
  return static_cast<int>(dynamicpo::view(scores.col(0), scores.rightCols(3)).rows());
#else
  return static_cast<int>(dynamicpo::view(scores.col(0), Eigen::MatrixXf(scores.rightCols(3))).rows());
#endif
}
