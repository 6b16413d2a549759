// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/sample/item_lists.hpp"

namespace dynamicpo::inline v1::sample {

/// Lists of items, of all users of a data set, say, checked once for all draws that leave them out. Draws that take its
/// lists are the same as from the plain ones, but do not read all of them again: a search reads the marks of its list,
/// a 16th of it, kept here, and one line of the list itself. Views the lists, which must stay as and where they are.
class checked_lists {
 public:
  /// O(P). \throws std::invalid_argument as item_lists::require.
  explicit checked_lists(const item_lists& plain) : offsets_{plain.offsets}, items_{plain.items} {
    plain.require("checked_lists", size());
    marks_ = detail::marks_of(items_);
  }

  index size() const { return offsets_.empty() ? 0 : static_cast<index>(offsets_.size()) - 1; }
  item_lists lists() const& { return {offsets_, items_, marks_}; }
  /// Those of `count` rows from `first` on. \throws std::invalid_argument unless there are so many.
  item_lists lists(index first, index count) const& {
    if (first < 0 || count < 0 || first > size() - count) {
      detail::throw_invalid("checked_lists", std::to_string(count) + " rows from " + std::to_string(first) +
                                                 " on, expected them among " + std::to_string(size()));
    }
    if (count == 0) { return {}; }
    return {offsets_.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count) + 1), items_, marks_};
  }
  item_lists lists() const&& = delete;  // they would point into what is gone
  item_lists lists(index, index) const&& = delete;

 private:
  std::span<const std::int64_t> offsets_;
  std::span<const item> items_;
  std::vector<item> marks_;
};

}  // namespace dynamicpo::inline v1::sample
