// SPDX-License-Identifier: MIT
// expected: dynamicpo::view: refuses a temporary container, its memory ends before the view is used
#include "dynamicpo/adapt/xtensor.hpp"
#include "dynamicpo/score/scores.hpp"

int main() {
  xt::xtensor<float, 2> scores = xt::zeros<float>({2, 4});
  auto negatives = xt::range(1, 4);
#if defined(DYNAMICPO_POSITIVE_TWIN)
  const auto view = dynamicpo::view(xt::view(scores, xt::all(), 0), xt::view(scores, xt::all(), negatives));
#else  // the view of a temporary owns it
  const auto view =
      dynamicpo::view(xt::view(scores, xt::all(), 0), xt::view(xt::xtensor<float, 2>(scores), xt::all(), negatives));
#endif
  return static_cast<int>(view.rows());
}
