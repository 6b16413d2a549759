// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/sorting_network.hpp"

/// The top cluster of an exact one-dimensional 3-means of up to 64 values, one row a lane, with a proof per lane.
///
/// Of sorted values and cuts i < j the cost is a constant less f(i, j), the sum over the three clusters of
/// (sum of values)^2 / count, wherever the values are measured from. The best f is found over all cuts, beside the
/// best f of any other threshold. When they lie further apart than rounding can move them, the threshold is proved.
///
/// Rounding, with u half an epsilon, y the values from the centre, s their sums outward from the middle place, Y the
/// largest |y| and E = sum |y| + sum |s|. Centring moves y by u |y| and each addition s by u |s|, so the sums of the
/// three clusters move by u E together, and f by 2 Y u E; the operations on a cluster's sum add 7 u f at most. Two such
/// errors stand against a difference: 14 u f + 4 u Y E. The scalar code takes costs within 16 n u of double for equal
/// and has an error below that; costs are at most Y E.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

template <class V>
struct lane_threshold {
  V least;                    ///< least value of the top cluster
  typename V::truth certain;  /// proved to be what select::boundary answers
};

inline constexpr std::size_t top_cluster_lanes_limit = sort_lanes_limit;

template <class T>
inline constexpr std::array<T, top_cluster_lanes_limit + 1> reciprocals = [] {
  std::array<T, top_cluster_lanes_limit + 1> list{};
  for (std::size_t k = 1; k < list.size(); ++k) { list[k] = T(1) / static_cast<T>(k); }
  return list;
}();

/// A number read at run time in every lane: a broadcast alone, where V(x) adds 0 for the sake of -0.
template <class V>
DYNAMICPO_INLINE V broadcast(typename V::element x) {
  return V::each([&](auto& to, std::size_t) { to = x - typename V::vector{}; });
}
template <class V>
DYNAMICPO_INLINE V larger(const V& a, const V& b) {
  return where(a < b, b, a);
}
template <class V>
DYNAMICPO_INLINE V magnitude(const V& x) {
  using bits = bits_of<typename V::element>;
  return reinterpret<typename V::element>(reinterpret<bits>(x) &
                                          typename V::template of<bits>(std::numeric_limits<bits>::max()));
}

/// The search over the cuts of sorted values in registers of V, whose arithmetic decides what is certain.
template <class V>
struct lane_cuts {
  using number = typename V::element;
  using truth = typename V::truth;
  static constexpr number infinity = std::numeric_limits<number>::infinity();

  V best, second, least;
  truth three;  // at least 3 distinct values
  truth certain;

  /// `values`: ascending, -infinity for what takes no part.
  DYNAMICPO_INLINE void run(const V* values, std::size_t count) {
    V filled[top_cluster_lanes_limit];
    V sums[top_cluster_lanes_limit + 1], low[top_cluster_lanes_limit];
    best = second = V(-infinity);
    least = values[count - 1];
    three = certain = reinterpret<bits_of<number>>(V(0));

    const bool ragged = any(values[0] == V(-infinity));
    V absent(0), lowest = values[0], centre = values[count / 2];
    if (ragged) {
      V total(0);
      lowest = values[count - 1];
      for (std::size_t k = count; k-- > 0;) {
        const truth present = V(-infinity) < values[k];
        absent += where(present, V(0), V(1));
        total += where(present, values[k], V(0));
        lowest = where(present, values[k], lowest);
      }
      centre = total / (broadcast<V>(static_cast<number>(count)) - absent);
      for (std::size_t k = 0; k < count; ++k) { filled[k] = where(V(-infinity) < values[k], values[k], centre); }
      values = filled;
    }

    const std::size_t middle = count / 2;
    V spread(0);
    sums[middle] = V(0);
    for (std::size_t k = middle; k < count; ++k) {
      sums[k + 1] = sums[k] + (values[k] - centre);
      spread += magnitude(sums[k + 1]);
    }
    for (std::size_t k = middle; k-- > 0;) {
      sums[k] = sums[k + 1] - (values[k] - centre);
      spread += magnitude(sums[k]);
    }
    for (std::size_t i = 1; i + 1 < count; ++i) {
      const V sum = sums[i] - sums[0];
      low[i] = sum * sum *
               (ragged ? V(1) / larger(broadcast<V>(static_cast<number>(i)) - absent, V(1))
                       : broadcast<V>(reciprocals<number>[i]));
    }
    const V far = larger(magnitude(lowest - centre), magnitude(values[count - 1] - centre));
    spread += broadcast<V>(static_cast<number>(count)) * far;

    constexpr std::size_t block = 4;
    std::size_t j = 2;
    for (; count > 2 && (count - j) % block != 0; ++j) {
      V below(0);
      for (std::size_t i = 1; i < j; ++i) { try_cut(below, sums[j], sums[i], low[i], reciprocals<number>[j - i]); }
      add_top(values, j, lowest, below, sums[count] - sums[j], reciprocals<number>[count - j]);
    }
    for (; j < count; j += block) {
      V sum[block], below[block];
      unrolled<block>([&](auto t) {
        sum[t] = sums[j + t];
        below[t] = V(0);
      });
      for (std::size_t i = 1; i < j; ++i) {
        const V sum_i = sums[i], low_i = low[i];
        const number* const inverse = reciprocals<number>.data() + (j - i);
        unrolled<block>([&](auto t) { try_cut(below[t], sum[t], sum_i, low_i, inverse[t]); });
      }
      unrolled<block>([&](auto t) {
        unrolled<t>([&](auto i) { try_cut(below[t], sum[t], sum[i], low[j + i], reciprocals<number>[t - i]); });
        add_top(values, j + t, lowest, below[t], sums[count] - sum[t], reciprocals<number>[count - j - t]);
      });
    }
    using limits = std::numeric_limits<number>;
    const double n = static_cast<double>(count);
    const double scalar = 32 * n * std::numeric_limits<double>::epsilon() / static_cast<double>(limits::epsilon());
    const V bound = V(limits::epsilon() / 2) * (V(16) * best + V(5 + scalar) * far * spread) + V(64 * limits::min());
    certain = (~three) | (bound < best - second);
  }

 private:
  DYNAMICPO_INLINE static void try_cut(V& below, const V& sum_j, const V& sum_i, const V& low, number inverse) {
    const V sum = sum_j - sum_i;
    below = larger(below, low + sum * sum * broadcast<V>(inverse));
  }
  // f of the threshold values[j], where it is one.
  DYNAMICPO_INLINE void add_top(const V* values, std::size_t j, const V& lowest, const V& below, const V& sum,
                                number inverse) {
    const truth distinct = (values[j - 1] < values[j]) & (lowest < values[j - 1]);
    const V value = where(distinct, below + sum * sum * broadcast<V>(inverse), V(-infinity));
    second = larger(second, where(best < value, best, value));
    least = where(best < value, values[j], least);
    best = larger(best, value);
    three = three | distinct;
  }
};

/// Searches anew, in double, where an `asked` lane is not certain.
template <class V>
DYNAMICPO_INLINE void search_in_double(const V* sorted, std::size_t columns, const typename V::truth& asked,
                                       lane_cuts<V>& search) {
  using number = typename V::element;
  constexpr std::size_t few = V::bytes / sizeof(double) < V::count ? V::bytes / sizeof(double) : V::count;
  using wide = lanes<double, few, V::bytes>;
  number least[V::count], value[V::count];
  bits_of<number> open[V::count], certain[V::count];
  (asked & ~search.certain).store(open);
  search.certain.store(certain);
  search.least.store(least);
  for (std::size_t first = 0; first < V::count; first += few) {
    bool any_open = false;
    for (std::size_t lane = first; lane < first + few; ++lane) { any_open = any_open || open[lane] != 0; }
    if (!any_open) { continue; }
    wide values[top_cluster_lanes_limit];
    double row[few];
    for (std::size_t k = 0; k < columns; ++k) {
      sorted[k].store(value);
      for (std::size_t lane = 0; lane < few; ++lane) { row[lane] = static_cast<double>(value[first + lane]); }
      values[k] = wide::load(row);
    }
    lane_cuts<wide> again;
    again.run(values, columns);
    for (std::size_t lane = 0; lane < few; ++lane) {
      certain[first + lane] = static_cast<bits_of<number>>(again.certain[lane]);
      least[first + lane] = static_cast<number>(again.least[lane]);
    }
  }
  search.certain = V::truth::load(certain);
  search.least = V::load(least);
}

/// values[k], k < columns <= top_cluster_lanes_limit: the k-th value of each lane's row, finite, or -infinity for what
/// takes no part. Lanes that are not `wanted` may hold anything and get anything.
///
/// The threshold is the least value of the top cluster of the exact k-means with min(3, distinct values) clusters, as
/// select::boundary finds it; a lane is `certain` only where that is proved.
template <class V>
DYNAMICPO_INLINE lane_threshold<V> top_cluster_lanes(const V* values, std::size_t columns,
                                                     const typename V::truth& wanted) {
  using number = typename V::element;
  using part = lanes<number, V::per_part, V::bytes>;
  lane_threshold<V> found;
  for (std::size_t p = 0; p < V::parts; ++p) {
    part room[sort_lanes_limit];
    const part* const sorted = sort_lanes(room, columns, [&](std::size_t k) {
      part value;
      value.part[0] = values[k].part[p];
      return value;
    });
    lane_cuts<part> search;
    search.run(sorted, columns);
    if constexpr (sizeof(number) < sizeof(double)) {
      typename part::truth asked;
      asked.part[0] = wanted.part[p];
      if (any(asked & ~search.certain)) { search_in_double(sorted, columns, asked, search); }
    }
    found.least.part[p] = search.least.part[0];
    found.certain.part[p] = search.certain.part[0];
  }
  return found;
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
