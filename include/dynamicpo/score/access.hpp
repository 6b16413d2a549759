// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <type_traits>

#include "dynamicpo/score/space.hpp"
#include "dynamicpo/score/strided.hpp"

namespace dynamicpo::inline v1 {

/// Customisation point: how a container becomes a strided view. A specialisation gives
///   static auto vector(Container&)  -> strided_span<T>     for a one-dimensional one,
///   static auto matrix(Container&)  -> strided_matrix<T>   for a two-dimensional one (both when it shows at run time),
///   owns_nothing = true                                    for a type whose temporaries leave their memory behind,
///   using space_type = space::device                       for memory that the host does not reach,
/// and none of them for an expression without memory. Container may be const. adapt/ specialises it for libraries;
/// contiguous ranges, strided_span, strided_matrix and anything shaped like mdspan need no specialisation.
template <class Container>
struct score_access {};

namespace detail {

template <class X>
inline constexpr bool is_strided_span = false;
template <class T>
inline constexpr bool is_strided_span<strided_span<T>> = true;
template <class X>
inline constexpr bool is_strided_matrix = false;
template <class T>
inline constexpr bool is_strided_matrix<strided_matrix<T>> = true;

template <class X>
concept mdspan_like = requires(const std::remove_cvref_t<X>& x) {
  { x.data_handle() } -> std::convertible_to<const void*>;
  x.extent(0);
  x.stride(0);
  std::remove_cvref_t<X>::rank();
};

template <class X>
concept contiguous = std::ranges::contiguous_range<X> && std::ranges::sized_range<X>;

template <class X>
using access_for = score_access<std::remove_cvref_t<X>>;

template <class X>
concept matrix_access = requires(X& x) { access_for<X>::matrix(x); };
template <class X>
concept vector_access = requires(X& x) { access_for<X>::vector(x); };

template <class X>
concept owns_nothing = requires { requires access_for<X>::owns_nothing; };

template <class X>
struct space_of_access {
  using type = space::host;
};
template <class X>
  requires requires { typename access_for<X>::space_type; }
struct space_of_access<X> {
  using type = typename access_for<X>::space_type;
};
/// Where the memory of a container is.
template <class X>
using space_of = typename space_of_access<X>::type;

/// A view is safe to keep after the expression: the container is an lvalue, or a view type itself.
template <class X>
inline constexpr bool outlives_call =
    std::is_lvalue_reference_v<X> || std::ranges::borrowed_range<X> || owns_nothing<X> ||
    is_strided_span<std::remove_cvref_t<X>> || is_strided_matrix<std::remove_cvref_t<X>> || mdspan_like<X>;

template <class X>
concept two_dimensional = is_strided_matrix<std::remove_cvref_t<X>> || matrix_access<std::remove_reference_t<X>> ||
                          (mdspan_like<X> && std::remove_cvref_t<X>::rank() == 2);

template <class X>
concept one_dimensional =
    is_strided_span<std::remove_cvref_t<X>> || vector_access<std::remove_reference_t<X>> ||
    (mdspan_like<X> && std::remove_cvref_t<X>::rank() == 1) ||
    (!two_dimensional<X> && contiguous<std::remove_reference_t<X>>);

template <one_dimensional X>
constexpr auto as_span(X&& x) {
  using bare = std::remove_cvref_t<X>;
  if constexpr (is_strided_span<bare>) {
    return x;
  } else if constexpr (vector_access<std::remove_reference_t<X>>) {
    return access_for<X>::vector(x);
  } else if constexpr (mdspan_like<X>) {
    using element = std::remove_pointer_t<decltype(x.data_handle())>;
    return strided_span<element>{x.data_handle(), static_cast<index>(x.extent(0)), static_cast<index>(x.stride(0))};
  } else {
    using element = std::remove_pointer_t<decltype(std::ranges::data(x))>;
    return strided_span<element>{std::ranges::data(x), static_cast<index>(std::ranges::size(x)), 1};
  }
}

template <two_dimensional X>
constexpr auto as_matrix(X&& x) {
  if constexpr (is_strided_matrix<std::remove_cvref_t<X>>) {
    return x;
  } else if constexpr (matrix_access<std::remove_reference_t<X>>) {
    return access_for<X>::matrix(x);
  } else {
    using element = std::remove_pointer_t<decltype(x.data_handle())>;
    return strided_matrix<element>{x.data_handle(), static_cast<index>(x.extent(0)), static_cast<index>(x.extent(1)),
                                   static_cast<index>(x.stride(0)), static_cast<index>(x.stride(1))};
  }
}

}  // namespace detail
}  // namespace dynamicpo::inline v1
