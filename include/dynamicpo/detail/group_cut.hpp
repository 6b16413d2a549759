// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/elementary_float.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/thread_group.hpp"

/// The top cluster of the exact 3-means of a row that lies over a group of threads: `best_cuts_all_pairs` with a cut in
/// each column, the same operations on every number, so that it finds what the host finds.
namespace dynamicpo::inline v1::detail {

/// a * b, never fused with a sum.
template <class A>
DYNAMICPO_INLINE DYNAMICPO_HD A product(const A& a, const A& b) {
  return a * b;
}
#if defined(__CUDA_ARCH__)
DYNAMICPO_INLINE __device__ double product(const double& a, const double& b) { return __dmul_rn(a, b); }
#endif

/// growing_cluster, with a cluster a thread where A is what threads hold.
template <class A>
struct thread_cluster {
  A origin, weight, mean, cost;

  DYNAMICPO_INLINE DYNAMICPO_HD thread_cluster() : origin(0), weight(0), mean(0), cost(0) {}
  DYNAMICPO_INLINE DYNAMICPO_HD void add(const A& value, const A& multiplicity) {
    origin = where(weight == A(0), value, origin);
    const A total = weight + multiplicity;
    const A step = value - origin - mean;
    const A share = multiplicity / total;
    cost += product(A(step * step * weight), share);
    mean += product(step, share);
    weight = total;
  }
  template <class Truth>
  DYNAMICPO_INLINE DYNAMICPO_HD void clear_where(const Truth& truth) {
    weight = where(truth, A(0), weight);
    mean = where(truth, A(0), mean);
    cost = where(truth, A(0), cost);
  }
};

/// n of the greatest power of two 2^n that is no more than |x|, x finite and not 0.
DYNAMICPO_HD constexpr int exponent_of(double x) {
  constexpr double lift = 0x1p54;
  const bool denormal = -0x1p-1022 < x && x < 0x1p-1022;
  const auto bits = __builtin_bit_cast(unsigned long long, denormal ? x* lift : x);
  return static_cast<int>(bits >> 52 & 0x7ff) - 1023 - (denormal ? 54 : 0);
}
/// 2^n, -1022 <= n <= 1023.
DYNAMICPO_HD constexpr double power_of_two(int n) {
  return __builtin_bit_cast(double, static_cast<unsigned long long>(n + 1023) << 52);
}

/// Factors, one after the other, that keep squares of what lies in [lowest, highest] representable, as
/// select::boundary does.
struct square_scale {
  double first = 1, second = 1;

  DYNAMICPO_HD constexpr square_scale(double lowest, double highest) {
    const double extent = highest - lowest;
    if (extent < 1e150 && extent > 1e-150) { return; }
    const int by = 500 - exponent_of(highest < -lowest ? -lowest : highest);
    first = power_of_two(by > 0 ? by / 2 : by);
    second = by > 0 ? power_of_two(by - by / 2) : 1;
  }
};

/// Least score of the top cluster. `score`: finite, or -inf for what takes no part; something does.
template <class T, unsigned C, class Group, class V>
DYNAMICPO_HD T least_of_top_cluster(const Group& group, const V (&score)[C]) {
  using D = typename Group::template of<double>;
  constexpr unsigned size = Group::size;
  constexpr double infinity = elementary_float::infinity<double>;
  constexpr T infinite = elementary_float::infinity<T>;
  V sorted[C];
  for (unsigned c = 0; c < C; ++c) { sorted[c] = score[c]; }
  sort_in_group(group, sorted);

  // Heads: the first of equal values. Places below the row's values hold -inf.
  const T highest = group.at(sorted[C - 1], size - 1);
  D value[C], own[C];
  V head[C], heads(0), lowest_seen(infinite);  // 1 or 0
  for (unsigned c = 0; c < C; ++c) {
    const T before = c > 0 ? group.at(sorted[c > 0 ? c - 1 : 0], size - 1) : -infinite;
    head[c] = where(group.next_up(sorted[c], before) < sorted[c], V(1), V(0));
    heads = heads + head[c];
    lowest_seen = where(V(-infinite) < sorted[c], where(sorted[c] < lowest_seen, sorted[c], lowest_seen), lowest_seen);
    own[c] = group.template rank<double>() + D(static_cast<double>(c * size));
  }
  const T distinct = group.sum(heads);
  if (distinct < T(3)) { return highest; }
  const square_scale scale(static_cast<double>(group.least(lowest_seen)), static_cast<double>(highest));
  for (unsigned c = 0; c < C; ++c) { value[c] = D(sorted[c]) * D(scale.first) * D(scale.second); }

  // What the values below each place cost as the bottom cluster.
  D lower[C];
  for (unsigned c = 0; c < C; ++c) { lower[c] = D(0); }
  thread_cluster<double> bottom;
  double run = 0, current = group.at(value[0], 0);
  for (unsigned c = 0; c < C; ++c) {
    for (unsigned r = 0; r < size; ++r) {
      const double next = r + 1 < size ? group.at(value[c], (r + 1) % size)
                          : c + 1 < C  ? group.at(value[(c + 1) % C], 0)
                                       : infinity;
      if (-infinity < current) { run += 1; }
      if (run > 0 && current < next) {
        bottom.add(current, run);
        run = 0;
      }
      const D place(static_cast<double>(c * size + r + 1));
      for (unsigned mine = 0; mine < C; ++mine) {
        lower[mine] = where(own[mine] == place, D(bottom.cost), lower[mine]);
      }
      current = next;
    }
  }

  // Downward: the values from the own place on make the top cluster, those below it the middle one.
  thread_cluster<D> cluster[C];
  D top[C], best[C];
  for (unsigned c = 0; c < C; ++c) {
    top[c] = D(0);
    best[c] = D(infinity);
  }
  run = 0;
  current = group.at(value[C - 1], size - 1);
  for (unsigned c = C; c-- > 0;) {
    for (unsigned r = size; r-- > 0;) {
      const double before = r > 0   ? group.at(value[c], (r + size - 1) % size)
                            : c > 0 ? group.at(value[c > 0 ? c - 1 : 0], size - 1)
                                    : -infinity;
      run += 1;
      if (before < current) {
        const D place(static_cast<double>(c * size + r));
        const double below = group.at(lower[c], r);
        const bool has_below = -infinity < before;
        for (unsigned mine = 0; mine < C; ++mine) {
          thread_cluster<D>& growing = cluster[mine];
          growing.add(D(current), D(run));
          if (has_below) {
            const D cost = (top[mine] + growing.cost) + D(below);
            best[mine] = where(both(place < own[mine], cost < best[mine]), cost, best[mine]);
          }
          const auto here = own[mine] == place;
          top[mine] = where(here, growing.cost, top[mine]);
          growing.clear_where(here);
        }
        run = 0;
      }
      current = before;
    }
  }

  D least(infinity);
  for (unsigned c = 0; c < C; ++c) {
    best[c] = where(D(0) < D(head[c]), best[c], D(infinity));
    least = where(best[c] < least, best[c], least);
  }
  const double tie = 8.0 * static_cast<double>(distinct) * elementary_float::epsilon<double>;
  const D equal(group.least(least) * (1.0 + tie));
  V found(infinite);
  for (unsigned c = 0; c < C; ++c) {
    const auto candidate =
        static_cast<V>(where(best[c] < D(infinity), where(equal < best[c], D(infinity), D(sorted[c])), D(infinity)));
    found = where(candidate < found, candidate, found);
  }
  return group.least(found);
}

}  // namespace dynamicpo::inline v1::detail
