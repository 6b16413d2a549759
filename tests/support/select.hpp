// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/select_negatives.hpp"

namespace test_support {

/// What a selection makes of one row.
struct selection_of_row {
  std::vector<std::int32_t> slots;
  dynamicpo::selection_rule rule = dynamicpo::selection_rule::none;
  double mean_rest = 0;
};

template <class T, class Select>
selection_of_row select_row(const Select& select, const T& chosen, const std::vector<T>& rejected) {
  std::vector<std::int64_t> offsets(2);
  selection_of_row found{std::vector<std::int32_t>(rejected.size())};
  std::vector<T> mean_rest(1);
  const dynamicpo::strided_span<const T> one_chosen{&chosen, 1, 1};
  dynamicpo::select_negatives(dynamicpo::exec::seq, select, dynamicpo::view(one_chosen, rejected),
                              {.offsets = offsets,
                               .slots = found.slots,
                               .rule = std::span(&found.rule, 1),
                               .mean_rest = mean_rest});
  found.slots.resize(static_cast<std::size_t>(offsets[1]));
  found.mean_rest = static_cast<double>(mean_rest[0]);
  return found;
}

}  // namespace test_support
