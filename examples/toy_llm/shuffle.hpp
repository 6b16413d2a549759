// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "dynamicpo/sample/philox.hpp"

namespace toy_llm {

/// 0 .. count - 1 in uniform order, a function of the three arguments.
inline std::vector<std::size_t> shuffled(std::size_t count, std::uint64_t seed, std::uint32_t epoch) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  // A stream that sample_negatives does not use.
  dynamicpo::sample::philox_engine random{seed, ~std::uint64_t{epoch}};
  for (std::size_t left = count; left > 1; --left) {
    std::swap(order[left - 1], order[random.below(static_cast<std::uint32_t>(left))]);
  }
  return order;
}

}  // namespace toy_llm
