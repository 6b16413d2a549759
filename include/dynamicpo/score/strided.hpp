// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1 {

/// n elements, `stride` elements apart. Trivially copyable; owns nothing.
template <class T>
struct strided_span {
  T* data = nullptr;
  index size = 0;
  index stride = 1;

  DYNAMICPO_HD constexpr T& operator[](index i) const noexcept { return data[i * stride]; }
};

template <class T>
strided_span(T*, index, index) -> strided_span<T>;

/// rows x columns elements with any two strides (row-major, column-major, blocks of either). Owns nothing.
template <class T>
struct strided_matrix {
  T* data = nullptr;
  index rows = 0;
  index columns = 0;
  index row_stride = 0;
  index column_stride = 1;

  DYNAMICPO_HD constexpr T& operator()(index row, index column) const noexcept {
    return data[row * row_stride + column * column_stride];
  }
};

template <class T>
strided_matrix(T*, index, index, index, index) -> strided_matrix<T>;

}  // namespace dynamicpo::inline v1
