// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

#include "dynamicpo/lm/matrix_product.hpp"

namespace dynamicpo::inline v1::adapt {

/// lm::matrix_product by Eigen, on the calling thread.
struct eigen_product {
  template <class T>
  void operator()(index rows, index columns, index inner, const lm::operand<T>& a, const lm::operand<T>& b, T* c,
                  index c_stride, bool accumulate) const {
    using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    using from = Eigen::Map<const matrix, 0, Eigen::OuterStride<>>;
    Eigen::Map<matrix, 0, Eigen::OuterStride<>> to(c, rows, columns, Eigen::OuterStride<>(c_stride));
    if (!accumulate) { to.setZero(); }
    const auto map = [](const lm::operand<T>& x, index high, index wide) {
      return from(x.data, x.transposed ? wide : high, x.transposed ? high : wide, Eigen::OuterStride<>(x.stride));
    };
    const from left = map(a, rows, inner), right = map(b, inner, columns);
    if (a.transposed && b.transposed) {
      to.noalias() += left.transpose() * right.transpose();
    } else if (a.transposed) {
      to.noalias() += left.transpose() * right;
    } else if (b.transposed) {
      to.noalias() += left * right.transpose();
    } else {
      to.noalias() += left * right;
    }
  }
};

}  // namespace dynamicpo::inline v1::adapt
