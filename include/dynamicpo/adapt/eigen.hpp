// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include <Eigen/Core>

#include "dynamicpo/score/access.hpp"

namespace dynamicpo::inline v1 {
namespace detail {

/// Coefficients in memory at two strides: Matrix, Array, Map, Ref, and blocks, columns, rows, transposes, diagonals and
/// reshapes of these, const or not. Not a + b and the like, whose coefficients exist only while they are computed.
template <class C>
concept eigen_memory = requires(C& x) {
  requires (C::Flags & Eigen::DirectAccessBit) != 0;
  x.data();
  x.innerStride();
  x.outerStride();
};

/// Matrix and Array; Ref<const T> too, which copies what does not fit it.
template <class C>
inline constexpr bool eigen_owner = std::is_base_of_v<typename C::PlainObject, C>;
template <class T, int Options, class Stride>
inline constexpr bool eigen_owner<Eigen::Ref<const T, Options, Stride>> = true;

}  // namespace detail

/// Eigen's dense objects as scores, as inputs and as outputs: vectors (at compile time) one-dimensional, all others
/// two-dimensional, in either storage order. Nothing is copied. A block may be a temporary; what it is a block of must
/// outlive the view.
template <detail::eigen_memory C>
struct score_access<C> {
  static constexpr bool owns_nothing = !detail::eigen_owner<C>;

  template <class X>
    requires(bool(C::IsVectorAtCompileTime))
  static auto vector(X& x) {
    return strided_span{x.data(), index{x.size()}, index{x.innerStride()}};
  }

  template <class X>
    requires(!bool(C::IsVectorAtCompileTime))
  static auto matrix(X& x) {
    const index inner = x.innerStride(), outer = x.outerStride();
    return strided_matrix{x.data(), index{x.rows()}, index{x.cols()}, C::IsRowMajor ? outer : inner,
                          C::IsRowMajor ? inner : outer};
  }
};

}  // namespace dynamicpo::inline v1
