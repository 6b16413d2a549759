// SPDX-License-Identifier: MIT
#pragma once

#include <limits>
#include <vector>

#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/workspace.hpp"

namespace cut_test {

template <class T>
inline constexpr T infinity_of = std::numeric_limits<T>::infinity();

/// Where the library's selection cuts these values on the host, by the code that sees rows one by one.
template <class T>
T host_cut(const std::vector<T>& row) {
  dynamicpo::detail::row_buffers<T> buffers;
  buffers.reserve(static_cast<dynamicpo::index>(row.size()));
  auto scratch = buffers.scratch();
  return dynamicpo::select::boundary{}.cut_of(dynamicpo::select::row_scores<T>{infinity_of<T>, row, 0}, scratch).least;
}

}  // namespace cut_test
