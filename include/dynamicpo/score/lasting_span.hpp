// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include "dynamicpo/score/access.hpp"

namespace dynamicpo::inline v1 {

/// std::span<const T> for what a view keeps: made from a temporary container it does not compile.
template <class T>
struct lasting_span : std::span<const T> {
  constexpr lasting_span(const T* data, std::size_t size) : std::span<const T>(data, size) {}
  template <class Range>
    requires std::constructible_from<std::span<const T>, Range>
  constexpr lasting_span(Range&& range)  // NOLINT(google-explicit-constructor)
      : std::span<const T>(std::forward<Range>(range)) {
    static_assert(detail::outlives_call<Range>,
                  "dynamicpo: refuses a temporary container, its memory ends before the view is used; name it first");
  }
};

}  // namespace dynamicpo::inline v1
