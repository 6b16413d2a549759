// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>

#include "dynamicpo/detail/lane_select.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/detail/tiles.hpp"
#include "dynamicpo/detail/top_cluster_lanes.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/select/concept.hpp"

/// Where long rows are cut that are not too long to be searched side by side: sorted and searched one by one, each
/// takes many times as long.
namespace dynamicpo::inline v1::detail {

/// Selections that sort a row to find their threshold.
template <class Select>
inline constexpr bool searches_cuts = false;
template <>
inline constexpr bool searches_cuts<select::boundary> = true;

/// Cuts of up to V::count rows of up to `longest` negatives each. Holds their scores.
template <class V>
class long_cuts {
 public:
  using T = typename V::element;
  static constexpr std::size_t rows = V::count, longest = top_cluster_lanes_limit;

  /// How many of the first of some rows can be searched together; 0 where they are faster one by one.
  template <class View>
  static std::size_t joinable(const View& policy, const long_rows& some) {
    constexpr std::size_t worth_it = 4;
    std::size_t number = 0;
    while (number < std::min(some.number, rows) && policy.negatives(some[number]) <= static_cast<index>(longest)) {
      ++number;
    }
    return number < worth_it || policy.masked() || !tile<V>::in_place(policy) ? 0 : number;
  }

  /// Of the first `number` of some rows.
  template <class View>
  long_cuts(const View& policy, const long_rows& some, std::size_t number) : used_{number} {
    for (std::size_t l = 0; l < used_; ++l) {
      columns_ = std::max(columns_, static_cast<std::size_t>(policy.negatives(some[l])));
    }
    const std::size_t padded = (columns_ + V::count - 1) / V::count * V::count;
    for (std::size_t l = 0; l < rows; ++l) {
      T* end = staged_[l];
      chosen_[l] = T(0);
      if (l < used_) {
        chosen_[l] = policy.chosen(some[l]);
        end = std::copy_n(&policy.rejected(some[l], 0), policy.negatives(some[l]), end);
      }
      std::fill(end, staged_[l] + padded, absent);
    }
  }
  template <class Select>
  DYNAMICPO_INLINE void find(const Select& select) {
    constexpr std::size_t panel_size = panel<V>::columns;
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
    found.clustered.store(clustered_);
    rule_ = found.rule;
  }
  /// Where row l is cut, unless that is not certain.
  std::optional<select::cut<T>> operator[](std::size_t l) const {
    if (known_[l] == 0) { return std::nullopt; }
    return select::cut<T>{least_[l], clustered_[l] != 0 ? selection_rule::cluster : rule_};
  }

 private:
  static constexpr std::size_t stride = longest + V::count;  // apart by no power of 2
  static constexpr T absent = -std::numeric_limits<T>::infinity();

  std::size_t used_, columns_ = 0;
  selection_rule rule_ = selection_rule::none;
  alignas(64) T chosen_[rows];
  alignas(64) T least_[rows];
  alignas(64) bits_of<T> known_[rows], clustered_[rows];
  alignas(64) T staged_[rows][stride];
};

/// Finds the cuts of the first of some rows side by side and calls work(row, cut) for each; returns how many these are.
template <class V, class Select, class View, class Work>
DYNAMICPO_INLINE std::size_t for_each_long_cut(const Select& select, const View& policy, const long_rows& rows,
                                               const Work& work) {
  const std::size_t number = long_cuts<V>::joinable(policy, rows);
  if (number == 0) { return 0; }
  run_apart<V::bytes>([&](auto) {
    long_cuts<V> cuts(policy, rows, number);
    cuts.find(select);
    for (std::size_t l = 0; l < number; ++l) { work(rows[l], cuts[l]); }
  });
  return number;
}

}  // namespace dynamicpo::inline v1::detail
