// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace dynamicpo::inline v1 {

/// Signed size and index type of every view.
using index = std::ptrdiff_t;

namespace detail {

/// "[4] + [4, 3]" for chosen and rejected, or "[4] + ragged(17)" when rows differ in length.
inline std::string shape_text(index rows, index negatives, bool ragged) {
  // Appended piece by piece: GCC 12 sees overlapping copies in `"[" + std::string` (its bug 105651).
  std::string text = "[";
  text += std::to_string(rows);
  text += ragged ? "] + ragged(" : "] + [";
  if (!ragged) {
    text += std::to_string(rows);
    text += ", ";
  }
  text += std::to_string(negatives);
  text += ragged ? ")" : "]";
  return text;
}

[[noreturn]] inline void throw_invalid(const char* where, const std::string& what) {
  throw std::invalid_argument("dynamicpo::" + std::string(where) + ": " + what);
}

}  // namespace detail
}  // namespace dynamicpo::inline v1
