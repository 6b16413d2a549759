// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/softmax_sums.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

/// One pass over the logits of a token, a piece of the vocabulary at a time.
namespace dynamicpo::inline v1::detail {

inline constexpr std::size_t vocabulary_piece = 1024;

/// Stored numbers after the piece that is worked on, asked for meanwhile: no pattern tells the processor what follows a
/// page. None when null.
template <class T>
struct lookahead {
  const T* piece = nullptr;

  /// For the work on numbers [k, k + Count) of the piece: those half a piece away for the nearest cache, which can wait
  /// for few at a time, and those two pieces away for the next cache. Beyond the row, where the next one often begins.
  template <std::size_t Count>
  DYNAMICPO_INLINE void ask(std::size_t k) const {
    if (piece == nullptr) { return; }
    for (std::size_t i = 0; i < Count; i += line) {
      ask_ahead(piece + k + i, bytes / 2);
      ask_ahead<false, 2>(piece + k + i, 2 * bytes);
    }
  }
  /// The same of what is to be written, a piece away.
  template <std::size_t Count>
  DYNAMICPO_INLINE void ask_to_write(std::size_t k) const {
    if (piece == nullptr) { return; }
    for (std::size_t i = 0; i < Count; i += line) { ask_ahead<true>(piece + k + i, bytes); }
  }

 private:
  static constexpr std::size_t line = 64 / sizeof(T), bytes = vocabulary_piece * sizeof(T);
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
    work(values, first, count, lookahead<T>{logits + first});
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

/// Whether any of `count` values is a NaN.
template <class T>
bool any_nan(const T* values, std::size_t count) {
  return std::any_of(values, values + count, [](T x) { return !(x == x); });
}
/// The first of `count` values that is `wanted`, which is among them.
template <class V>
DYNAMICPO_INLINE std::size_t place_of(const typename V::element* values, std::size_t count,
                                      typename V::element wanted) {
  std::size_t k = 0;
  while (k + V::count <= count && !any(V::load(values + k) == V(wanted))) { k += V::count; }
  return static_cast<std::size_t>(std::find(values + k, values + count, wanted) - values);
}

/// softmax_sums of logits that come in pieces, each read once. Of those that a lane sees, the greatest so far waits in
/// it, and the lesser goes into the sums: so the greatest of all can be left out in the end, wherever it stands.
template <class V, bool WithEntropy>
class vocabulary_sums {
 public:
  using number = typename V::element;

  /// Adds `count` logits, the first of which is number `first` of the vocabulary. A NaN or +inf makes the sums NaN.
  template <class Ahead>
  DYNAMICPO_INLINE void add(const number* values, index first, std::size_t count, const Ahead& ahead) {
    if (!(shift_ > lowest)) {
      shift_ = greatest_of<V>(values, count);
      if (!(shift_ > lowest)) {
        spoilt_ = spoilt_ || any_nan(values, count);
        return;
      }
    }
    state now = state_;
    take(values, count, ahead, now);
    if (any(V(most_) < now.greatest())) {
      most_ = greatest_lane(now.greatest());
      if (most_ == -lowest) {
        spoilt_ = true;
      } else if (most_ - shift_ > steps_apart) {  // too far above for the arithmetic: once more
        move_shift(state_);
        now = state_;
        take(values, count, lookahead<number>{}, now);
      } else {
        move_shift(now);
      }
      argmax_ = first + static_cast<index>(place_of<V>(values, count, most_));
    }
    state_ = now;
  }

  DYNAMICPO_INLINE softmax_sums total() {
    softmax_sums made;
    if (spoilt_) { made.spoil(); }
    if (!(most_ > lowest)) { return made; }
    V rest[ways];
    unrolled<ways - 1>([&](auto i) { rest[i] = lesser(state_.top[i + 1], state_.top[0]); });
    alignas(64) number top[V::count];
    state_.top[0].store(top);
    std::size_t lane = 0;
    while (lane + 1 < V::count && top[lane] != most_) { ++lane; }
    top[lane] = lowest;
    rest[ways - 1] = V::load(top);
    weigh(rest, state_);
    constexpr auto lowered = static_cast<double>(format::halved);
    made.most = static_cast<double>(most_);
    made.argmax = argmax_;
    made.rest += sum_of_lanes(state_.sum) * lowered;
    made.weighted = sum_of_lanes(state_.weighted) * lowered;
    return made;
  }

 private:
  using format = elementary_float::format<number>;
  using wide = accumulator_of<V>;  // or what is small would be lost beside 1
  static constexpr number lowest = -std::numeric_limits<number>::infinity();
  static constexpr number steps_apart = 8;  // e^8 is far from overflow, and 8 from losing digits of x - shift
  static constexpr std::size_t ways = 4;

  struct state {
    V top[ways];
    wide sum{0}, weighted{0};  // of e^(x - shift) and of (x - shift) times that, raised

    state() {
      unrolled<ways>([&](auto i) { top[i] = V(lowest); });
    }
    DYNAMICPO_INLINE V greatest() const { return greater_of(greater_of(top[0], top[1]), greater_of(top[2], top[3])); }
  };

  /// The lesser of x and of `top`, which becomes the greater. A NaN is both.
  DYNAMICPO_INLINE static V lesser(const V& x, V& top) {
    const V less = where(top < x, top, x);
    top = where(x < top, top, x);
    return less;
  }
  DYNAMICPO_INLINE void weigh(const V (&x)[ways], state& to) const {
    const V shift(shift_), least = V(format::raised_least) + (shift - shift);
    V distance[ways], weight[ways];
    unrolled<ways>([&](auto i) {
      distance[i] = x[i] - shift;
      weight[i] = elementary_float::raised_decay(distance[i], least);
    });
    to.sum += wide((weight[0] + weight[1]) + (weight[2] + weight[3]));
    if constexpr (WithEntropy) {
      unrolled<ways>([&](auto i) { weight[i] = where(weight[i] == V(0), V(0), distance[i] * weight[i]); });
      to.weighted += wide((weight[0] + weight[1]) + (weight[2] + weight[3]));
    }
  }
  template <class Ahead>
  DYNAMICPO_INLINE void take(const number* values, std::size_t count, const Ahead& ahead, state& to) const {
    for_each_lanes<V, ways>(values, count, lowest, [&](const V* x, std::size_t k) {
      ahead.template ask<ways * V::count>(k);
      V less[ways];
      unrolled<ways>([&](auto i) { less[i] = lesser(x[i], to.top[i]); });
      weigh(less, to);
    });
  }
  /// What was weighed under shift_, to that under most_, which becomes it.
  DYNAMICPO_INLINE void move_shift(state& of) {
    const double step = static_cast<double>(shift_) - static_cast<double>(most_);
    const wide factor(elementary::exp(step));
    of.weighted = factor * (of.weighted + wide(step) * of.sum);
    of.sum = factor * of.sum;
    shift_ = most_;
  }

  state state_;
  number shift_ = lowest, most_ = lowest;
  index argmax_ = -1;
  bool spoilt_ = false;
};

template <class V, bool WithEntropy, class T>
DYNAMICPO_INLINE softmax_sums sums_over_vocabulary(const T* logits, index vocabulary) {
  alignas(64) typename V::element room[vocabulary_piece];
  vocabulary_sums<V, WithEntropy> sums;
  for_each_piece(
      logits, vocabulary,
      room, [&](const auto* values, index first, std::size_t count, const auto& ahead) __attribute__((always_inline)) {
        sums.add(values, first, count, ahead);
      });
  return sums.total();
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
    // Nothing beyond this row: another thread may be writing there.
    const bool goes_on = vocabulary - first >= 2 * static_cast<index>(vocabulary_piece);
    const lookahead<U> made_ahead{goes_on ? made : nullptr};
    std::size_t k = 0;
    for (; k + V::count <= count; k += V::count) {
      ahead.template ask<V::count>(k);
      made_ahead.template ask_to_write<V::count>(k);
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
