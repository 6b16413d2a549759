// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/thread_group.hpp"

namespace test_support {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// Threads in step, each a lane: what a device's group computes, without a device. Reductions take the order of a warp:
/// halves are added up crosswise.
template <unsigned Size>
struct lane_group {
  static constexpr unsigned size = Size;
  static constexpr std::size_t count = Size;
  template <class T>
  using of = dynamicpo::detail::lanes<T, count, 32>;

  template <class Work>
  static void each(const Work& work) {
    for (unsigned rank = 0; rank < size; ++rank) { work(rank); }
  }
  template <class V>
  static auto get(const V& x, unsigned rank) {
    return x[rank];
  }
  template <class V>
  static void set(V& x, unsigned rank, typename V::element value) {
    x = mapped<typename V::element>([&](unsigned r) { return r == rank ? value : get(x, r); });
  }

  template <class T>
  static of<T> rank() {
    return mapped<T>([](unsigned r) { return static_cast<T>(r); });
  }
  template <class T>
  static typename of<T>::truth bit(unsigned b) {
    return mapped<dynamicpo::detail::bits_of<T>>(
        [&](unsigned r) { return static_cast<dynamicpo::detail::bits_of<T>>((r & b) != 0 ? -1 : 0); });
  }
  template <class V>
  static V exchange(const V& x, unsigned b) {
    return mapped<typename V::element>([&](unsigned r) { return get(x, r ^ b); });
  }
  template <class V>
  static V next_up(const V& x, typename V::element first) {
    return mapped<typename V::element>([&](unsigned r) { return r == 0 ? first : get(x, r - 1); });
  }
  template <class V>
  static auto at(const V& x, unsigned r) {
    return get(x, r);
  }

  template <class V>
  static auto sum(const V& x) {
    return dynamicpo::detail::sum_of_lanes(x);
  }
  template <class V>
  static auto least(const V& x) {
    return dynamicpo::detail::least_of_lanes(x);
  }
  template <class V>
  static auto most(const V& x) {
    return -dynamicpo::detail::least_of_lanes(-x);
  }
  template <class Truth>
  static bool any(const Truth& truth) {
    bool found = false;
    each([&](unsigned r) { found = found || get(truth, r) != 0; });
    return found;
  }
  template <class Truth>
  static bool all(const Truth& truth) {
    return !any(~truth);
  }
  static void sync() {}

 private:
  template <class T, class Value>
  static of<T> mapped(const Value& value) {
    T all[count];
    for (unsigned r = 0; r < size; ++r) { all[r] = value(r); }
    return of<T>::load(all);
  }
};

#pragma GCC diagnostic pop

}  // namespace test_support
