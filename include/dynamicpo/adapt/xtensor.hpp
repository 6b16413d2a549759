// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>

#include <xtensor/xarray.hpp>
#include <xtensor/xbuffer_adaptor.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "dynamicpo/error.hpp"
#include "dynamicpo/score/access.hpp"

namespace dynamicpo::inline v1 {
namespace detail {

/// Elements in memory at constant strides: containers, adaptors, and views of these. Not lazy expressions, nor views
/// through index lists.
template <class C>
concept xtensor_memory = xt::is_xexpression<C>::value && requires(C& x) {
  requires std::is_pointer_v<decltype(x.data())>;
  x.data_offset();
  x.strides();
  x.shape();
};

/// Whether a temporary leaves its elements behind: an adaptor of somebody else's buffer, a view of an lvalue or of
/// another such temporary.
template <class Buffer>
inline constexpr bool xtensor_borrowed_buffer = std::is_lvalue_reference_v<Buffer>;
template <class Pointer, class T>
inline constexpr bool xtensor_borrowed_buffer<xt::xbuffer_adaptor<Pointer, xt::no_ownership, std::allocator<T>>> = true;

template <class C>
inline constexpr bool xtensor_borrows = std::is_lvalue_reference_v<C>;
template <class C>
inline constexpr bool xtensor_borrows<const C> = xtensor_borrows<C>;
template <class C, class... Slices>
inline constexpr bool xtensor_borrows<xt::xview<C, Slices...>> = xtensor_borrows<C>;
template <class C, class Shape, xt::layout_type Layout, class Flat>
inline constexpr bool xtensor_borrows<xt::xstrided_view<C, Shape, Layout, Flat>> = xtensor_borrows<C>;
template <class Buffer, std::size_t Rank, xt::layout_type Layout, class Tag>
inline constexpr bool xtensor_borrows<xt::xtensor_adaptor<Buffer, Rank, Layout, Tag>> = xtensor_borrowed_buffer<Buffer>;
template <class Buffer, xt::layout_type Layout, class Shape, class Tag>
inline constexpr bool xtensor_borrows<xt::xarray_adaptor<Buffer, Layout, Shape, Tag>> = xtensor_borrowed_buffer<Buffer>;

/// Whether the number of dimensions is `rank`, or shows only at run time.
template <class C, std::size_t Rank>
concept xtensor_rank = !requires { std::tuple_size<typename C::shape_type>::value; } ||
                       requires { requires std::tuple_size<typename C::shape_type>::value == Rank; };

template <std::size_t Rank, class X>
void require_rank(const X& x) {
  if (x.dimension() != Rank) {
    throw_invalid("view", "an xtensor expression has " + std::to_string(x.dimension()) + " dimensions, expected " +
                              std::to_string(Rank));
  }
}

}  // namespace detail

/// xtensor's containers, adaptors and strided views as scores, as inputs and as outputs. Nothing is copied. Where the
/// number of dimensions shows only at run time (xarray and what is made of it) chosen must have one, rejected two; in
/// ragged views both have one. \throws std::invalid_argument naming the dimensions when they do not.
template <detail::xtensor_memory C>
struct score_access<C> {
  static constexpr bool owns_nothing = detail::xtensor_borrows<C>;

  template <class X>
    requires detail::xtensor_rank<C, 1>
  static auto vector(X& x) {
    detail::require_rank<1>(x);
    return strided_span{first(x), extent(x, 0), stride(x, 0)};
  }

  template <class X>
    requires detail::xtensor_rank<C, 2>
  static auto matrix(X& x) {
    detail::require_rank<2>(x);
    return strided_matrix{first(x), extent(x, 0), extent(x, 1), stride(x, 0), stride(x, 1)};
  }

 private:
  static auto first(auto& x) { return x.data() + static_cast<index>(x.data_offset()); }
  static index extent(const auto& x, std::size_t axis) { return static_cast<index>(x.shape()[axis]); }
  static index stride(const auto& x, std::size_t axis) { return static_cast<index>(x.strides()[axis]); }
};

}  // namespace dynamicpo::inline v1
