// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace dynamicpo::inline v1 {

/// Signed size and index type of every view.
using index = std::ptrdiff_t;

namespace detail {

/// "[4, 3]", or "[4] + ragged(17)" when the rows differ in length.
inline std::string shape_text(index rows, index negatives, bool ragged) {
  return ragged ? "[" + std::to_string(rows) + "] + ragged(" + std::to_string(negatives) + ")"
                : "[" + std::to_string(rows) + "] + [" + std::to_string(rows) + ", " + std::to_string(negatives) + "]";
}

[[noreturn]] inline void throw_invalid(const char* where, const std::string& what) {
  throw std::invalid_argument("dynamicpo::" + std::string(where) + ": " + what);
}

}  // namespace detail
}  // namespace dynamicpo::inline v1
