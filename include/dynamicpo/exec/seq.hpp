// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/exec/policy.hpp"

namespace dynamicpo::inline v1::exec {

/// On the calling thread, in order.
struct sequential {
  using space_type = space::host;

  static constexpr index lanes(index) noexcept { return 1; }

  template <class Work>
  static constexpr void for_each_block(index blocks, Work&& work) {
    for (index block = 0; block < blocks; ++block) { work(block, index{0}); }
  }
};

inline constexpr sequential seq{};

}  // namespace dynamicpo::inline v1::exec
