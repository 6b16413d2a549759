// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/softmax_sums.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

/// One pass over the logits of a token, a piece of the vocabulary at a time.
namespace dynamicpo::inline v1::detail {

inline constexpr std::size_t vocabulary_piece = 1024;

/// The stored numbers of the next piece, asked for while one is worked on: no pattern tells the processor what follows
/// a page. None when null.
template <class T>
struct lookahead {
  const T* next = nullptr;

  /// \param place  the first number of the row's next piece, `left` of which there are.
  DYNAMICPO_INLINE static lookahead to(const T* place, index left) {
    return {left >= static_cast<index>(vocabulary_piece) ? place : nullptr};
  }
  /// For the counterparts of numbers [k, k + Count) of this piece; Write: to be written.
  template <std::size_t Count, int Write = 0>
  DYNAMICPO_INLINE void ask(std::size_t k) const {
    if (next == nullptr) { return; }
    for (std::size_t i = 0; i < Count; i += 64 / sizeof(T)) { __builtin_prefetch(next + k + i, Write); }
  }
};

/// work(values, first, count, ahead) for pieces of compute numbers; stored ones are widened to `room`. `ahead`: a
/// lookahead.
template <class T, class Compute, class Work>
DYNAMICPO_INLINE void for_each_piece(const T* logits, index vocabulary, Compute* room, const Work& work) {
  constexpr auto piece = static_cast<index>(vocabulary_piece);
  for (index first = 0; first < vocabulary; first += piece) {
    const auto count = static_cast<std::size_t>(std::min(vocabulary - first, piece));
    const Compute* values;
    if constexpr (std::is_same_v<T, Compute>) {
      values = logits + first;
    } else {
      for (std::size_t k = 0; k < count; ++k) { room[k] = static_cast<Compute>(logits[first + static_cast<index>(k)]); }
      values = room;
    }
    const index left = vocabulary - first - static_cast<index>(count);
    work(values, first, count, lookahead<T>::to(logits + (vocabulary - left), left));
  }
}

/// see(lanes, k) for `count` values, Ways groups of lanes at a time, k the number of the first; `other` stands beyond
/// the last.
template <class V, std::size_t Ways, class See>
DYNAMICPO_INLINE void for_each_lanes(const typename V::element* values, std::size_t count, typename V::element other,
                                     const See& see) {
  std::size_t k = 0;
  for (; k + Ways * V::count <= count; k += Ways * V::count) {
    V x[Ways];
    unrolled<Ways>([&](auto i) { x[i] = V::load(values + k + i * V::count); });
    see(x, k);
  }
  for (; k < count; k += Ways * V::count) {
    typename V::element rest[Ways * V::count];
    for (std::size_t l = 0; l < Ways * V::count; ++l) { rest[l] = k + l < count ? values[k + l] : other; }
    V x[Ways];
    unrolled<Ways>([&](auto i) { x[i] = V::load(rest + i * V::count); });
    see(x, k);
  }
}

template <class V>
DYNAMICPO_INLINE V greater_of(const V& a, const V& b) {  // a when b is NaN
  return where(a < b, b, a);
}
template <class V>
DYNAMICPO_INLINE typename V::element greatest_lane(const V& x) {
  typename V::element greatest = x[0];
  for (std::size_t l = 1; l < V::count; ++l) { greatest = std::max(greatest, x[l]); }
  return greatest;
}
/// The greatest of `count` values, NaN left out; -inf of none.
template <class V>
DYNAMICPO_INLINE typename V::element greatest_of(const typename V::element* values, std::size_t count) {
  constexpr auto lowest = -std::numeric_limits<typename V::element>::infinity();
  V most(lowest);
  for_each_lanes<V, 4>(values, count, lowest, [&](const V* x, std::size_t) {
    most = greater_of(most, greater_of(greater_of(x[0], x[1]), greater_of(x[2], x[3])));
  });
  return greatest_lane(most);
}

/// Sums over logits of e^(x - shift), and of (x - shift) times that, and the greatest of them.
template <class V, bool WithEntropy>
class lane_sums {
 public:
  using number = typename V::element;

  DYNAMICPO_INLINE explicit lane_sums(number shift) : shift_(shift) {}

  template <class Ahead>
  DYNAMICPO_INLINE void add(const number* values, std::size_t count, const Ahead& ahead) {
    for_each_lanes<V, 4>(values, count, lowest, [&](const V* x, std::size_t k) {
      ahead.template ask<4 * V::count>(k);
      V weight[4];
      unrolled<4>([&](auto i) { weight[i] = elementary::decay(x[i] - shift_); });
      sum_ += wide((weight[0] + weight[1]) + (weight[2] + weight[3]));
      if constexpr (WithEntropy) {
        unrolled<4>([&](auto i) { weight[i] = where(weight[i] == V(0), V(0), (x[i] - shift_) * weight[i]); });
        weighted_ += wide((weight[0] + weight[1]) + (weight[2] + weight[3]));
      }
      greatest_ = greater_of(greatest_, greater_of(greater_of(x[0], x[1]), greater_of(x[2], x[3])));
    });
  }
  double sum() const { return sum_of_lanes(sum_); }
  double weighted() const { return sum_of_lanes(weighted_); }
  /// Whether there was one above the shift.
  bool climbs() const { return any(shift_ < greatest_); }
  number greatest() const { return greatest_lane(greatest_); }

 private:
  using wide = accumulator_of<V>;  // or what is small would be lost beside 1
  static constexpr number lowest = -std::numeric_limits<number>::infinity();
  V shift_, greatest_{lowest};
  wide sum_{0}, weighted_{0};
};

/// The same, of logits among which there is one greater than all before: it becomes the shift and is left out.
template <class V, bool WithEntropy, class Ahead>
DYNAMICPO_INLINE void add_climbing_piece(const typename V::element* values, index first, std::size_t count,
                                         typename V::element greatest, const Ahead& ahead, softmax_sums& total) {
  const auto at = static_cast<std::size_t>(std::find(values, values + count, greatest) - values);
  if (!total.climb(static_cast<double>(greatest), first + static_cast<index>(at))) { return; }
  lane_sums<V, WithEntropy> sums(greatest);
  sums.add(values, at, ahead);
  sums.add(values + at + 1, count - at - 1, lookahead<typename V::element>{});
  total.rest += sums.sum();
  total.weighted += sums.weighted();
}

/// Adds `count` logits, the first of which is number `first` of the vocabulary. Online: read once where none is greater
/// than all before, as in most pieces. A NaN or +inf makes the sums NaN.
template <class V, bool WithEntropy, class Ahead>
DYNAMICPO_INLINE void add_piece(const typename V::element* values, index first, std::size_t count, const Ahead& ahead,
                                softmax_sums& total) {
  using number = typename V::element;
  constexpr double none = -std::numeric_limits<double>::infinity();
  number greatest;
  if (total.most > none) {
    lane_sums<V, WithEntropy> sums(static_cast<number>(total.most));
    sums.add(values, count, ahead);
    if (!sums.climbs()) {
      total.rest += sums.sum();
      total.weighted += sums.weighted();
      return;
    }
    greatest = sums.greatest();
  } else {
    greatest = greatest_of<V>(values, count);
    if (!(static_cast<double>(greatest) > none)) {
      const bool unordered = std::any_of(values, values + count, [](number x) { return !(x == x); });
      if (unordered) { total.spoil(); }
      return;
    }
  }
  add_climbing_piece<V, WithEntropy>(values, first, count, greatest, ahead, total);
}

template <class V, bool WithEntropy, class T>
DYNAMICPO_INLINE softmax_sums sums_over_vocabulary(const T* logits, index vocabulary) {
  alignas(64) typename V::element room[vocabulary_piece];
  softmax_sums total;
  for_each_piece(
      logits, vocabulary,
      room, [&](const auto* values, index first, std::size_t count, const auto& ahead) __attribute__((always_inline)) {
        add_piece<V, WithEntropy>(values, first, count, ahead, total);
      });
  return total;
}

/// to[v] = (or += with `accumulate`) coefficient ([v = label] - softmax(logits)[v]); `to` may be the logits. `label`
/// may lie outside.
template <class V, class T, class U>
DYNAMICPO_INLINE void softmax_gradient(const T* logits, index vocabulary, double log_sum, index label,
                                       double coefficient, bool accumulate, U* to) {
  using number = typename V::element;
  using wide = std::common_type_t<compute_of<U>, number>;
  const softmax_slope<V> slope(log_sum, coefficient);
  const auto put = [&](U& entry, number made) {
    entry = static_cast<U>(accumulate ? static_cast<wide>(entry) + static_cast<wide>(made) : static_cast<wide>(made));
  };
  const bool inside = label >= 0 && label < vocabulary;
  U at_label{};
  if (inside) {  // before it is overwritten
    at_label = to[label];
    put(at_label, slope.of_label(static_cast<number>(logits[label])));
  }
  alignas(64) number room[vocabulary_piece];
  const auto differentiate = [&](const number* values, index first, std::size_t count, const auto& ahead)
      __attribute__((always_inline)) {
    U* const made = to + first;
    const auto made_ahead = lookahead<U>::to(made + count, vocabulary - first - static_cast<index>(count));
    std::size_t k = 0;
    for (; k + V::count <= count; k += V::count) {
      ahead.template ask<V::count>(k);
      made_ahead.template ask<V::count, 1>(k);
      V slopes = slope.of_others(V::load(values + k));
      if constexpr (std::is_same_v<U, number>) {
        if (accumulate) { slopes += V::load(made + k); }
        slopes.store(made + k);
      } else {
        number each[V::count];
        slopes.store(each);
        for (std::size_t l = 0; l < V::count; ++l) { put(made[k + l], each[l]); }
      }
    }
    if (k < count) {
      number rest[V::count] = {}, each[V::count];
      std::copy(values + k, values + count, rest);
      slope.of_others(V::load(rest)).store(each);
      for (std::size_t l = 0; k + l < count; ++l) { put(made[k + l], each[l]); }
    }
  };
  for_each_piece(logits, vocabulary, room, differentiate);
  if (inside) { to[label] = at_label; }
}

}  // namespace dynamicpo::inline v1::detail
