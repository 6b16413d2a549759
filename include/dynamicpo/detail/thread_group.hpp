// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "dynamicpo/config.hpp"

/// One row over a group of threads that run in step. The code over a group is that of one thread, and what a thread
/// holds is of type `of<T>`: a number on a device, where each thread runs it; lanes of them in a test, where one thread
/// stands for all. What is reduced or broadcast is a plain number, the same for all threads.
namespace dynamicpo::inline v1::detail {

/// What a group has, with `size` a power of two:
///   of<T>                     one T a thread
///   each(f)                   f(rank) for the threads that run here
///   get(x, rank), set(x, rank, value)   the part of a thread that runs here
///   rank<T>()                 of<T> with the rank of each thread
///   bit<T>(b)                 truth: whether the rank has the bit b
///   exchange(x, b)            x of the thread whose rank differs in the bit b
///   next_up(x, first)         x of the thread below, `first` for the lowest
///   at(x, rank)               x of one thread
///   sum(x), least(x), most(x) over the threads, in an order that the size alone decides
///   any(truth), all(truth)
///   sync()                    what any thread wrote, all see
template <class G>
concept thread_group = requires(const G& group, typename G::template of<float> x) {
  { G::size } -> std::convertible_to<unsigned>;
  { group.at(x, 0) } -> std::convertible_to<float>;
  { group.sum(x) } -> std::convertible_to<float>;
  { group.least(x) } -> std::convertible_to<float>;
  { group.any(x < x) } -> std::convertible_to<bool>;
  group.sync();
};

/// Ascending, over the threads and the `C` columns of each: column c of thread r is at c size + r. A bitonic network.
template <class V, unsigned C, class Group>
DYNAMICPO_INLINE DYNAMICPO_HD void sort_in_group(const Group& group, V (&x)[C]) {
  using T = decltype(group.at(x[0], 0));
  constexpr unsigned size = Group::size, count = C * size;
  static_assert((C & (C - 1)) == 0);
  for (unsigned run = 2; run <= count; run *= 2) {
    for (unsigned step = run / 2; step > 0; step /= 2) {
      if (step >= size) {  // within the thread
        for (unsigned c = 0; c < C; ++c) {
          const unsigned other = c ^ (step / size);
          if (other < c) { continue; }
          const bool rising = run == count || (c * size & run) == 0;
          const V low = where(x[other] < x[c], x[other], x[c]), high = where(x[other] < x[c], x[c], x[other]);
          x[c] = rising ? low : high;
          x[other] = rising ? high : low;
        }
        continue;
      }
      const auto upper = group.template bit<T>(step);
      for (unsigned c = 0; c < C; ++c) {
        const V other = group.exchange(x[c], step);
        const V low = where(other < x[c], other, x[c]), high = where(x[c] < other, other, x[c]);
        const V rising = where(upper, high, low);
        if (run < size) {
          x[c] = where(group.template bit<T>(run), where(upper, low, high), rising);
        } else {
          x[c] = run == count || (c * size & run) == 0 ? rising : where(upper, low, high);
        }
      }
    }
  }
}

}  // namespace dynamicpo::inline v1::detail
