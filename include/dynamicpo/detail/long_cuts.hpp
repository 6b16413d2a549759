// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "dynamicpo/detail/lane_select.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/top_cluster_lanes.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/select/boundary.hpp"

/// Where long rows are cut that are not too long to be searched side by side: sorted and searched one by one, each
/// takes many times as long.
namespace dynamicpo::inline v1::detail {

/// Selections that sort a row to find their threshold.
template <class Select>
inline constexpr bool searches_cuts = false;
template <>
inline constexpr bool searches_cuts<select::boundary> = true;

/// Cuts of up to V::count rows of up to `longest` negatives. Holds their scores.
template <class V>
class long_cuts {
 public:
  using T = typename V::element;
  static constexpr std::size_t rows = V::count, longest = top_cluster_lanes_limit;
  static constexpr std::size_t worth_it = 4;  ///< fewer rows take less time one by one

  /// For rows of up to `most` negatives.
  explicit long_cuts(std::size_t most) : columns_{most} {}

  /// Row l = 0, 1, .. in turn.
  void put(std::size_t l, std::span<const T> scores, const T& chosen) {
    used_ = l + 1;
    chosen_[l] = chosen;
    std::fill(std::copy(scores.begin(), scores.end(), staged_[l]), staged_[l] + padded(), absent);
  }
  template <class Select>
  DYNAMICPO_INLINE void find(const Select& select) {
    constexpr std::size_t panel_size = panel<V>::columns;
    for (std::size_t l = used_; l < rows; ++l) {
      chosen_[l] = T(0);
      std::fill_n(staged_[l], padded(), absent);
    }
    V scores[stride], spoilt(0);
    std::size_t k = 0;
    do {
      V* const some = scores + k;
      panel<V>::load(spaced<const T>{staged_[0] + k, stride}, some);
      unrolled<panel_size>([&](auto q) __attribute__((always_inline)) {
        spoilt = spoilt + where(some[q] == V(absent), V(0), some[q]) * V(0);
      });
      k += panel_size;
    } while (k < columns_);
    const auto found = select_in_lanes<longest>(select, V::load(chosen_), scores, columns_, spoilt == V(0));
    found.least.store(least_);
    found.known.store(known_);
  }
  /// The least selected score of row l, or null where it is not certain.
  const T* least(std::size_t l) const { return known_[l] != 0 ? &least_[l] : nullptr; }

 private:
  static constexpr std::size_t stride = longest + V::count;  // apart by no power of 2
  static constexpr T absent = -std::numeric_limits<T>::infinity();

  std::size_t padded() const { return (columns_ + V::count - 1) / V::count * V::count; }

  std::size_t columns_, used_ = 0;
  alignas(64) T chosen_[rows];
  alignas(64) T least_[rows];
  alignas(64) bits_of<T> known_[rows];
  alignas(64) T staged_[rows][stride];
};

}  // namespace dynamicpo::inline v1::detail
