// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "dynamicpo/select/concept.hpp"
#include "dynamicpo/workspace.hpp"
#include "support/catch.hpp"

namespace select_test {

using indices = std::vector<int>;

struct outcome {
  dynamicpo::selection_rule rule;
  indices selected;
};

/// Runs a selection on one row, with exactly the room that its contract promises.
template <class T, class Select>
outcome select_from(const Select& select, T chosen, const std::vector<T>& rejected, dynamicpo::index row = 0) {
  STATIC_REQUIRE(dynamicpo::selection<Select, T>);
  dynamicpo::detail::row_buffers<T> buffers;
  buffers.reserve(static_cast<dynamicpo::index>(rejected.size()));
  auto scratch = buffers.scratch();
  std::vector<std::uint8_t> flags(rejected.size(), 9);
  const dynamicpo::select::row_scores<T> scores{chosen, std::span<const T>(rejected), row};
  outcome found{select(scores, std::span<std::uint8_t>(flags), scratch), {}};
  for (std::size_t i = 0; i < flags.size(); ++i) {
    REQUIRE(flags[i] <= 1);  // every flag is written
    if (flags[i] == 1) { found.selected.push_back(static_cast<int>(i)); }
  }
  return found;
}

}  // namespace select_test
