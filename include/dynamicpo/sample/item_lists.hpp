// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dynamicpo/detail/list_search.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/sample/concept.hpp"

namespace dynamicpo::inline v1::sample {

/// The items of each row, in ascending order: row b owns items[offsets[b]] .. items[offsets[b+1]). Owns nothing.
/// Without offsets no row has any.
struct item_lists {
  std::span<const std::int64_t> offsets{};
  std::span<const item> items{};
  std::span<const item> marks{};  ///< of `items`, as checked_lists makes them: lists in order, and searched faster

  std::span<const item> of(index row) const {
    if (offsets.empty()) { return {}; }
    const auto at = static_cast<std::size_t>(row);
    return items.subspan(static_cast<std::size_t>(offsets[at]),
                         static_cast<std::size_t>(offsets[at + 1] - offsets[at]));
  }
  bool contains(index row, item wanted) const {
    const auto list = of(row);
    return std::binary_search(list.begin(), list.end(), wanted);
  }
  /// Whether the items of a row are in ascending order.
  bool ascending(index row) const { return detail::ascending<detail::target_bytes>(of(row)); }

  /// \throws std::invalid_argument unless the offsets are those of `rows` rows within `items`.
  void require_offsets(const char* where, index rows) const {
    if (!marks.empty() && marks.size() != detail::lines_of(items)) {
      detail::throw_invalid(where, "positives have " + std::to_string(marks.size()) + " marks, expected " +
                                       std::to_string(detail::lines_of(items)));
    }
    if (offsets.empty()) { return; }
    if (static_cast<index>(offsets.size()) != rows + 1) {
      detail::throw_invalid(
          where, "positives have " + std::to_string(offsets.size()) + " offsets, expected " + std::to_string(rows + 1));
    }
    for (std::size_t row = 0; row + 1 < offsets.size(); ++row) {
      if (offsets[row] < 0 || offsets[row + 1] < offsets[row] ||
          offsets[row + 1] > static_cast<std::int64_t>(items.size())) {
        detail::throw_invalid(where, "the offsets of the positives of row " + std::to_string(row) +
                                         " decrease or pass the end of " + std::to_string(items.size()) + " items");
      }
      if (offsets[row + 1] - offsets[row] >= std::int64_t{1} << 31) {
        detail::throw_invalid(where, "row " + std::to_string(row) + " has 2^31 positives or more");
      }
    }
  }
  /// \throws std::invalid_argument, and also unless each row's items are in ascending order.
  void require(const char* where, index rows) const {
    require_offsets(where, rows);
    for (index row = 0; row < rows; ++row) {
      if (!ascending(row)) { throw_order(where, row); }
    }
  }
  [[noreturn]] static void throw_order(const char* where, index row) {
    detail::throw_invalid(where, "the positives of row " + std::to_string(row) + " are not in ascending order");
  }
};

}  // namespace dynamicpo::inline v1::sample
