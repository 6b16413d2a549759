// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "device/host_answers.hpp"
#include "dynamicpo/select/concept.hpp"

namespace device_test {

/// What select_negatives answers. `slots` is as long as the lists.
template <class T>
struct selections {
  po::row_counts counts;
  po::index selected = 0;
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> slots;
  std::vector<po::selection_rule> rule;
  std::vector<T> mean_rest;
};

/// By exec::seq; defined for the selections that run on devices. \param mask  by flat position, or empty.
template <class T, class Select>
selections<T> host_selections(const Select& select, const rows<T>& rows, const std::vector<std::uint8_t>& mask);

}  // namespace device_test
