// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::lm {

/// A row-major matrix for a product; `transposed`: its transpose takes part.
template <class T>
struct operand {
  const T* data;
  index stride;
  bool transposed = false;
};

/// What multiplies matrices for the library, which has no product of its own: c [rows, columns] = a b, or += with
/// `accumulate`, all row-major; a is [rows, inner], b [inner, columns], as they take part. Called by several threads at
/// a time under exec::threads; the same call must give the same bits. adapt/eigen_product.hpp has one.
template <class P, class T>
concept matrix_product = requires(const P& product, index n, const operand<T>& a, T* c, bool accumulate) {
  product(n, n, n, a, a, c, n, accumulate);
};

}  // namespace dynamicpo::inline v1::lm
