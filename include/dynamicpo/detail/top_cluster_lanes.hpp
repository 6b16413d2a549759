// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/sorting_network.hpp"

/// The top cluster of an exact one-dimensional 3-means of up to 256 values, one row a lane, with a proof per lane.
///
/// Of sorted values and cuts i < j the cost is a constant less f(i, j), the sum over the three clusters of
/// (sum of values)^2 / count, wherever the values are measured from. The best f is found over all cuts, beside the
/// best f of any other threshold. When they lie further apart than rounding can move them, the threshold is proved.
/// Clusters that split equal values, or leave one empty, cost at least what some that do neither cost: they may be
/// tried.
///
/// Rounding, with u half an epsilon, y the values from the centre, s their sums outward from the middle place, Y the
/// largest |y| and E = sum |y| + sum |s| <= n Y + sum |s|. Centring moves y by u |y| and each addition s by u |s|, so
/// the sums of the three clusters move by u E together, and f by 2 Y u E; the operations on them add 7 u f. Two such
/// errors stand against a difference: 14 u f + 4 u Y E, and terms in u^2. The scalar code takes costs within 16 n u of
/// double for equal, and its own costs are nearer than that to the true ones.
///
/// Added up in double and then rounded, each s is u |s| off, whatever stands before it, and the sums of the three
/// clusters, differences of two s each, are 6 u max |s| off together: E = 6 max |s|. That the additions are n^2 u' Y
/// off, u' of double, is less than a share of what is left between 4 and 5 E: max |s| is at least Y / 2.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

template <class V>
struct lane_threshold {
  V least;                    ///< least value of the top cluster
  typename V::truth certain;  ///< proved to be what select::boundary answers
};

/// So many values at most, and of short rows.
inline constexpr std::size_t top_cluster_lanes_limit = 256, short_rows_limit = 64;

template <class T>
inline constexpr std::array<T, top_cluster_lanes_limit + 1> reciprocals = [] {
  std::array<T, top_cluster_lanes_limit + 1> list{};
  for (std::size_t k = 1; k < list.size(); ++k) { list[k] = T(1) / static_cast<T>(k); }
  return list;
}();

template <class V>
DYNAMICPO_INLINE V broadcast(std::size_t k) {
  return broadcast<V>(static_cast<typename V::element>(k));
}
template <class V>
DYNAMICPO_INLINE V smaller(const V& a, const V& b) {
  return where(a < b, a, b);
}
template <class V>
DYNAMICPO_INLINE V larger(const V& a, const V& b) {
  return where(a < b, b, a);
}
template <class V>
DYNAMICPO_INLINE V magnitude(const V& x) {
  using bits = bits_of<typename V::element>;
  const typename V::template of<bits> all_but_sign(std::numeric_limits<bits>::max());
  return reinterpret<typename V::element>(reinterpret<bits>(x) & all_but_sign);
}
/// The lowest 32 bits that are set in any lane.
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE std::uint32_t any_bits(const lanes<T, Count, Bytes>& bits) {
  std::uint64_t words[sizeof(bits) / sizeof(std::uint64_t)], found = 0;
  std::memcpy(words, &bits, sizeof(bits));
  for (const std::uint64_t word : words) { found |= word; }
  return static_cast<std::uint32_t>(sizeof(T) < sizeof(found) ? found | found >> 32 : found);
}

inline constexpr std::size_t cut_block = 4, cut_phantoms = cut_block - 1;
/// From so many values on, leaving out blocks is faster than trying all cuts.
inline constexpr std::size_t search_near_cuts_from = 40;

/// Sorted values and what every cut needs of them, from place -cut_phantoms on: places below 0 stand for nothing.
template <class V>
struct cut_sums {
  using number = typename V::element;

  const V* values;
  std::size_t count;
  const V* sums;  ///< sums[k]: of values[0] .. values[k - 1], but for what is the same for all k
  const V* low;   ///< low[i]: f of the bottom cluster values[0] .. values[i - 1]

  DYNAMICPO_INLINE static V mean_square(const V& sum, std::size_t weight) {
    return sum * sum * broadcast<V>(reciprocals<number>[weight]);
  }
  DYNAMICPO_INLINE V top(std::size_t j) const { return mean_square(sums[count] - sums[j], count - j); }
};
/// The best threshold so far, and the f of the best other.
template <class V>
struct best_cut {
  V least, best, second;

  // `below`: f of the two clusters below values[j]. Within equal values there is no threshold.
  DYNAMICPO_INLINE void add(const cut_sums<V>& of, std::size_t j, const V& below) {
    const V lowest(-std::numeric_limits<typename V::element>::infinity());
    const V f = where(of.values[j - 1] < of.values[j], below + of.top(j), lowest);
    second = larger(second, smaller(best, f));
    least = where(best < f, of.values[j], least);
    best = larger(best, f);
  }
};

/// below[t] over the first cuts tried, t = 0 .. 3, of the top clusters from j + t on.
template <class V>
struct block_of_cuts {
  V sum[cut_block], below[cut_block];

  DYNAMICPO_INLINE block_of_cuts(const cut_sums<V>& of, std::ptrdiff_t j) {
    unrolled<cut_block>([&](auto t) __attribute__((always_inline)) {
      sum[t] = of.sums[j + std::ptrdiff_t{t}];
      below[t] = V(0);
    });
  }
  DYNAMICPO_INLINE void try_first(const V& sum_i, const V& low_i, const typename V::element* inverse) {
    unrolled<cut_block>([&](auto t) __attribute__((always_inline)) { try_pair(t, sum_i, low_i, inverse[t]); });
  }
  // First cuts within the block.
  DYNAMICPO_INLINE void try_own(const V* low) {
    unrolled<cut_block>([&](auto t) __attribute__((always_inline)) {
      unrolled<t>([&](auto i) __attribute__((always_inline)) {
        try_pair(t, sum[i], low[i], reciprocals<typename V::element>[t - i]);
      });
    });
  }

 private:
  template <class Place>
  DYNAMICPO_INLINE void try_pair(Place t, const V& sum_i, const V& low_i, typename V::element inverse) {
    const V middle = sum[t] - sum_i;
    below[t] = larger(below[t], low_i + middle * middle * broadcast<V>(inverse));
  }
};

template <class V>
DYNAMICPO_INLINE void search_all_cuts(const cut_sums<V>& of, best_cut<V>& found) {
  using number = typename V::element;
  std::size_t j = 2;
  for (; of.count > 2 && (of.count - j) % cut_block != 0; ++j) {
    V below(0);
    for (std::size_t i = 1; i < j; ++i) {
      below = larger(below, of.low[i] + of.mean_square(of.sums[j] - of.sums[i], j - i));
    }
    found.add(of, j, below);
  }
  for (; j < of.count; j += cut_block) {
    block_of_cuts<V> cuts(of, static_cast<std::ptrdiff_t>(j));
    for (std::size_t i = 1; i < j; ++i) { cuts.try_first(of.sums[i], of.low[i], &reciprocals<number>[j - i]); }
    cuts.try_own(of.low + j);
    unrolled<cut_block>([&](auto t) __attribute__((always_inline)) { found.add(of, j + t, cuts.below[t]); });
  }
}

/// As search_all_cuts, less blocks of 4 x 4 cuts whose f is below the best by more than `margin` in all wanted lanes.
/// No f of a block is above that of what all its bottom, middle and top clusters share plus the squares of the values
/// between, as if those cost nothing. Blocks end with the last value.
template <std::size_t Most, class V>
DYNAMICPO_INLINE void search_near_cuts(const cut_sums<V>& of, const typename V::truth& wanted, const V& margin,
                                       best_cut<V>& found) {
  using number = typename V::element;
  using truth = typename V::truth;
  constexpr std::size_t most = Most / cut_block;
  static_assert(most <= 64);  // bits of `tried`
  const std::size_t blocks = (of.count - 1 + cut_block - 1) / cut_block;
  const auto place = [&](std::size_t b) __attribute__((always_inline)) {
    return static_cast<std::ptrdiff_t>(of.count + cut_block * b) - static_cast<std::ptrdiff_t>(cut_block * blocks);
  };
  V bottoms[most], tops[most];
  const auto last_of = [&](std::size_t b) __attribute__((always_inline)) {
    return place(b) + std::ptrdiff_t{cut_phantoms};
  };
  const auto middle = [&](std::size_t b, std::size_t c, const V& sum_c) __attribute__((always_inline)) {
    return of.mean_square(sum_c - of.sums[last_of(b)], cut_block * (c - b) - cut_phantoms);
  };
  for (std::size_t b = 0; b < blocks; ++b) {
    const V* const sums = of.sums + place(b);
    V squares(0);
    unrolled<cut_block - 1>([&](auto t) __attribute__((always_inline)) {
      squares += (sums[t + 1] - sums[t]) * (sums[t + 1] - sums[t]);
    });
    bottoms[b] = of.low[place(b)] + squares;
    tops[b] = of.top(static_cast<std::size_t>(last_of(b))) + squares;
  }
  V reached(0);
  for (std::size_t c = 1; c < blocks; ++c) {
    const V sum_c = of.sums[place(c)], top_c = of.top(static_cast<std::size_t>(place(c)));
    for (std::size_t b = 0; b < c; ++b) {
      reached = larger(reached, of.low[last_of(b)] + (middle(b, c, sum_c) + top_c));
    }
  }
  const V needed = where(wanted, reached - margin, V(std::numeric_limits<number>::infinity()));
  std::uint64_t tried[most];  // bit d: the block d below
  for (std::size_t c = 0; c < blocks; ++c) {
    const V sum_c = of.sums[place(c)], top_c = tops[c];
    tried[c] = 0;
    for (std::size_t word = c / 32 + 1; word-- > 0;) {  // 32 blocks at a time, the bits that a lane has
      const std::size_t nearest = c - 32 * word;
      truth near(0);
      for (std::size_t b = nearest < 32 ? 0 : nearest - 31; b <= nearest; ++b) {
        const V highest = b < c ? bottoms[b] + (middle(b, c, sum_c) + top_c) : bottoms[c] + top_c;
        near = (near << 1) - (needed < highest);
      }
      tried[c] |= std::uint64_t{any_bits(near)} << 32 * word;
    }
  }
  for (std::size_t c = 0; c < blocks; ++c) {
    std::uint64_t left = tried[c];
    if (left == 0) { continue; }
    block_of_cuts<V> cuts(of, place(c));
    if ((left & 1) != 0) { cuts.try_own(of.low + place(c)); }
    for (left &= ~std::uint64_t{1}; left != 0; left &= left - 1) {
      const auto below = static_cast<std::size_t>(std::countr_zero(left));
      const V *const sums = of.sums + place(c - below), *const low = of.low + place(c - below);
      const number* const inverse = &reciprocals<number>[cut_block * below];
      for (std::ptrdiff_t i = 0; i < std::ptrdiff_t{cut_block}; ++i) { cuts.try_first(sums[i], low[i], inverse - i); }
    }
    unrolled<cut_block>([&](auto t) __attribute__((always_inline)) {
      const std::ptrdiff_t j = place(c) + std::ptrdiff_t{t};
      if (c > 0 || j >= 2) { found.add(of, static_cast<std::size_t>(j), cuts.below[t]); }
    });
  }
}

/// sums[k], k = 0 .. count, from the middle place outward, rounded once.
template <class V>
DYNAMICPO_INLINE void sum_outward_in_double(const V* values, std::size_t count, const V& centre, V* sums) {
  using wide = lanes<double, V::count, V::bytes>;
  const wide from(centre);
  wide above(0), below(0);
  for (std::size_t k = count / 2; k < count; ++k) {
    above += wide(values[k]) - from;
    sums[k + 1] = V(above);
  }
  for (std::size_t k = count / 2; k-- > 0;) {
    below -= wide(values[k]) - from;
    sums[k] = V(below);
  }
}

/// The threshold of sorted values in registers of V, whose arithmetic decides what is certain. -infinity takes no part.
/// Of long rows sums in float would leave too many uncertain.
template <std::size_t Most, class V>
DYNAMICPO_INLINE lane_threshold<V> search_cuts(const V* values, std::size_t count, const typename V::truth& wanted) {
  using number = typename V::element;
  using limits = std::numeric_limits<number>;
  constexpr number unit = limits::epsilon() / 2;
  constexpr bool sums_in_double = Most > short_rows_limit && sizeof(number) < sizeof(double);
  constexpr bool last_resort = limits::digits >= std::numeric_limits<double>::digits;  // bounds are worth their time
  const V absent(-limits::infinity());
  V present(0), centre = values[count / 2], lowest = values[0], filled[Most];
  const V highest = values[count - 1];
  const bool ragged = any(lowest == absent);
  if (ragged) {  // what takes no part then lies in the centre, here the mean, at no distance
    V total(0);
    for (std::size_t k = 0; k < count; ++k) {
      const typename V::truth there = absent < values[k];
      present += where(there, V(1), V(0));
      total += where(there, values[k], V(0));
    }
    lowest = centre = total / larger(present, V(1));
    for (std::size_t k = 0; k < count; ++k) {
      filled[k] = where(absent < values[k], values[k], centre);
      lowest = smaller(lowest, filled[k]);
    }
    values = filled;
  }

  V sums_room[cut_phantoms + Most + 1], low_room[cut_phantoms + Most];
  V *const sums = sums_room + cut_phantoms, *const low = low_room + cut_phantoms;
  const std::size_t middle = count / 2;
  sums[middle] = V(0);
  if constexpr (sums_in_double) {
    sum_outward_in_double(values, count, centre, sums);
  } else {
    for (std::size_t k = middle; k < count; ++k) { sums[k + 1] = sums[k] + (values[k] - centre); }
    for (std::size_t k = middle; k-- > 0;) { sums[k] = sums[k + 1] - (values[k] - centre); }
  }
  const cut_sums<V> of{values, count, sums, low};
  if (ragged) {
    const V missing = broadcast<V>(count) - present;
    for (std::size_t i = 1; i < count; ++i) {
      low[i] = (sums[i] - sums[0]) * (sums[i] - sums[0]) / larger(broadcast<V>(i) - missing, V(1));
    }
  } else {
    for (std::size_t i = 1; i < count; ++i) { low[i] = of.mean_square(sums[i] - sums[0], i); }
  }

  const V far = larger(centre - lowest, values[count - 1] - centre);
  V spread, cost;  // Y E, and what the cost is not above
  if constexpr (sums_in_double) {
    V most(0);
    for (std::size_t k = 0; k <= count; ++k) { most = larger(most, magnitude(sums[k])); }
    spread = far * (V(6) * most);
    cost = broadcast<V>(count) * far * far;
  } else {
    if (last_resort || ragged) {
      spread = magnitude(sums[0]);
      cost = V(0);
      for (std::size_t k = 0; k < count; ++k) {
        spread += magnitude(sums[k + 1]);
        cost += (sums[k + 1] - sums[k]) * (sums[k + 1] - sums[k]);
      }
    } else {  // the sums rise outward, the faster the further
      spread = V(0.5) * (broadcast<V>(middle + 1) * sums[0] + broadcast<V>(count - middle + 1) * sums[count]);
    }
    spread = far * (spread + broadcast<V>(count) * far);
    cost = last_resort ? cost + V(128 * unit) * spread : spread;
  }
  const V costs_tie(32 * static_cast<double>(count) * std::numeric_limits<double>::epsilon() / 2);
  const V gap(64 * limits::min());  // products may fall below the normal numbers

  best_cut<V> found{highest, absent, absent};
  if (count < search_near_cuts_from) {
    search_all_cuts(of, found);
  } else {
    for (std::size_t i = 0; i <= cut_phantoms; ++i) {
      sums_room[i] = sums[0];
      low_room[i] = V(0);
    }
    const V most = sums_in_double ? cost : spread;  // no f is above
    search_near_cuts<Most>(of, wanted, V(2) * (V(unit) * (V(16) * most + V(5) * spread) + costs_tie * cost + gap),
                           found);
  }
  if (last_resort) { cost -= found.best; }
  const V bound = V(unit) * (V(16) * found.best + V(5) * spread) + costs_tie * cost + gap;
  const auto one_top = (found.best == absent) & (spread < V(limits::infinity()));
  return {found.least, (bound < found.best - found.second) | one_top};
}

/// Searches anew, in double, where an `asked` lane is not certain.
template <std::size_t Most, class V>
DYNAMICPO_INLINE void search_in_double(const V* sorted, std::size_t columns, const typename V::truth& asked,
                                       lane_threshold<V>& search) {
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
    wide values[Most];
    double row[few];
    for (std::size_t k = 0; k < columns; ++k) {
      sorted[k].store(value);
      for (std::size_t lane = 0; lane < few; ++lane) { row[lane] = static_cast<double>(value[first + lane]); }
      values[k] = wide::load(row);
    }
    bits_of<double> wanted[few];
    for (std::size_t lane = 0; lane < few; ++lane) { wanted[lane] = open[first + lane]; }
    const auto again = search_cuts<Most>(values, columns, wide::truth::load(wanted));
    for (std::size_t lane = 0; lane < few; ++lane) {
      if (open[first + lane] == 0) { continue; }
      certain[first + lane] = static_cast<bits_of<number>>(again.certain[lane]);
      least[first + lane] = static_cast<number>(again.least[lane]);
    }
  }
  search.certain = V::truth::load(certain);
  search.least = V::load(least);
}

/// values[k], k < columns, 1 <= columns <= Most <= top_cluster_lanes_limit: the k-th value of each lane's row, finite,
/// or -infinity for what takes no part. Lanes that are not `wanted` may hold anything and are not certain.
///
/// The threshold is the least value of the top cluster of the exact k-means with min(3, distinct values) clusters, as
/// select::boundary finds it; a lane is `certain` only where that is proved.
template <std::size_t Most, class V>
DYNAMICPO_INLINE lane_threshold<V> top_cluster_lanes(const V* values, std::size_t columns,
                                                     const typename V::truth& wanted) {
  using number = typename V::element;
  using part = lanes<number, V::per_part, V::bytes>;
  lane_threshold<V> found;
  for (std::size_t p = 0; p < V::parts; ++p) {
    part room[Most];
    const part* const sorted = sort_lanes<Most>(
        room, columns, [&](std::size_t k) __attribute__((always_inline)) {
          part value;
          value.part[0] = values[k].part[p];
          return value;
        });
    typename part::truth asked;
    asked.part[0] = wanted.part[p];
    lane_threshold<part> search = search_cuts<Most>(sorted, columns, asked);
    if constexpr (sizeof(number) < sizeof(double)) {
      if (any(asked & ~search.certain)) { search_in_double<Most>(sorted, columns, asked, search); }
    }
    found.least.part[p] = search.least.part[0];
    found.certain.part[p] = (search.certain & asked).part[0];
  }
  return found;
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
