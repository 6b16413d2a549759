// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

namespace score_test {

/// The part of std::mdspan's interface that views read.
template <class T, std::size_t Rank>
struct fake_mdspan {
  T* data = nullptr;
  std::array<int, Rank> extents{}, strides{};

  static constexpr std::size_t rank() { return Rank; }
  T* data_handle() const { return data; }
  int extent(std::size_t dimension) const { return extents[dimension]; }
  int stride(std::size_t dimension) const { return strides[dimension]; }
};

}  // namespace score_test
