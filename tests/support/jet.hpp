// SPDX-License-Identifier: MIT
#pragma once

#include <ceres/jet.h>

#include "dynamicpo/score/scalar.hpp"

/// Selection and beta are constants: detached, a Jet keeps its value and drops its derivatives.
template <class T, int N>
struct dynamicpo::scalar_traits<ceres::Jet<T, N>> {
  using compute = ceres::Jet<T, N>;
  using accumulator = ceres::Jet<T, N>;
  static compute detach(const compute& x) { return compute(x.a); }
};
