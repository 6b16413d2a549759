// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

/// One pass over the logits of a token, a piece of the vocabulary at a time.
namespace dynamicpo::inline v1::detail {

/// log of the sum of e^x as most + log1p(rest), and what else a pass gathers. The greatest is left out of the sums, so
/// that what is small beside its 1 keeps its digits.
struct softmax_sums {
  double most = -std::numeric_limits<double>::infinity();
  double rest = 0;      ///< of e^(x - most), but that of `argmax`
  double weighted = 0;  ///< of (x - most) e^(x - most)
  index argmax = -1;    ///< the first that is greatest

  double log_probability(double logit) const { return (logit - most) - elementary::log1p(rest); }
  double log_sum() const { return most + elementary::log1p(rest); }
  double entropy() const { return elementary::log1p(rest) - weighted / (1 + rest); }
};

inline constexpr std::size_t vocabulary_piece = 1024;

/// work(values, first, count) for pieces of compute numbers; stored ones are widened to `room`.
template <class T, class Compute, class Work>
DYNAMICPO_INLINE void for_each_piece(const T* logits, index vocabulary, Compute* room, const Work& work) {
  for (index first = 0; first < vocabulary; first += static_cast<index>(vocabulary_piece)) {
    const auto count = static_cast<std::size_t>(std::min(vocabulary - first, static_cast<index>(vocabulary_piece)));
    const Compute* values;
    if constexpr (std::is_same_v<T, Compute>) {
      values = logits + first;
    } else {
      for (std::size_t k = 0; k < count; ++k) { room[k] = static_cast<Compute>(logits[first + static_cast<index>(k)]); }
      values = room;
    }
    work(values, first, count);
  }
}

/// see(lanes, i) for all of `count` values, lanes at a time, i going through 0 .. Ways - 1 so that chains of operations
/// are as many; `other` stands beyond the last.
template <class V, std::size_t Ways, class See>
DYNAMICPO_INLINE void for_each_lanes(const typename V::element* values, std::size_t count, typename V::element other,
                                     const See& see) {
  std::size_t k = 0;
  for (; k + Ways * V::count <= count; k += Ways * V::count) {
    unrolled<Ways>([&](auto i) { see(V::load(values + k + i * V::count), std::size_t{i}); });
  }
  for (; k < count; k += V::count) {
    typename V::element rest[V::count];
    for (std::size_t l = 0; l < V::count; ++l) { rest[l] = k + l < count ? values[k + l] : other; }
    see(V::load(rest), std::size_t{0});
  }
}

/// The greatest of `count` values, NaN left out; -inf of none.
template <class V>
DYNAMICPO_INLINE typename V::element greatest_of(const typename V::element* values, std::size_t count) {
  using number = typename V::element;
  constexpr number lowest = -std::numeric_limits<number>::infinity();
  V most[4] = {V(lowest), V(lowest), V(lowest), V(lowest)};
  for_each_lanes<V, 4>(values, count, lowest,
                       [&](const V& x, std::size_t i) { most[i] = where(most[i] < x, x, most[i]); });
  for (std::size_t i = 1; i < 4; ++i) { most[0] = where(most[0] < most[i], most[i], most[0]); }
  number greatest = most[0][0];
  for (std::size_t l = 1; l < V::count; ++l) { greatest = std::max(greatest, most[0][l]); }
  return greatest;
}

/// Adds `count` logits, the first of which is number `first` of the vocabulary. Online: the sums so far are rescaled
/// when there is a greater one among them. A NaN or +inf makes the sums NaN.
template <class V>
DYNAMICPO_INLINE void add_piece(const typename V::element* values, index first, std::size_t count, bool with_entropy,
                                softmax_sums& total) {
  using number = typename V::element;
  constexpr number lowest = -std::numeric_limits<number>::infinity();
  constexpr double none = -std::numeric_limits<double>::infinity();
  const auto greatest = static_cast<double>(greatest_of<V>(values, count));
  std::size_t left_out = count;
  if (greatest > total.most) {
    if (total.most > none) {
      const double step = total.most - greatest, factor = elementary::exp(step);
      total.weighted = factor > 0 ? factor * (total.weighted + (1 + total.rest) * step) : 0;
      total.rest = factor * (1 + total.rest);
    }
    left_out = static_cast<std::size_t>(std::find(values, values + count, static_cast<number>(greatest)) - values);
    total.most = greatest;
    total.argmax = first + static_cast<index>(left_out);
  }
  if (!(total.most > none && total.most < -none)) {
    const bool unordered = std::any_of(values, values + count, [](number x) { return !(x == x); });
    if (unordered || total.most > none) { total.rest = std::numeric_limits<double>::quiet_NaN(); }
    return;
  }
  using accumulator = accumulator_of<V>;  // or what is small would be lost beside 1
  const V shift(static_cast<number>(total.most));
  accumulator sum[2] = {accumulator(0), accumulator(0)}, weighted[2] = {accumulator(0), accumulator(0)};
  const auto add = [&](const number* from, std::size_t how_many) {
    for_each_lanes<V, 2>(from, how_many, lowest, [&](const V& x, std::size_t i) {
      const V distance = x - shift, weight = elementary::decay(distance);
      sum[i] += accumulator(weight);
      if (with_entropy) { weighted[i] += accumulator(where(weight == V(0), V(0), distance * weight)); }
    });
  };
  add(values, left_out);
  if (left_out < count) { add(values + left_out + 1, count - left_out - 1); }
  total.rest += sum_of_lanes(sum[0] + sum[1]);
  total.weighted += sum_of_lanes(weighted[0] + weighted[1]);
}

template <class V, class T>
DYNAMICPO_INLINE softmax_sums sums_over_vocabulary(const T* logits, index vocabulary, bool with_entropy) {
  alignas(64) typename V::element room[vocabulary_piece];
  softmax_sums total;
  for_each_piece(logits, vocabulary, room, [&](const auto* values, index first, std::size_t count) {
    add_piece<V>(values, first, count, with_entropy, total);
  });
  return total;
}

/// coefficient ([v = label] - e^(x - log_sum)) for numbers or lanes of them. log_sum in two parts: one number of x's
/// precision would be a relative error in every probability.
template <class V>
class softmax_slope {
 public:
  using number = typename V::element;

  DYNAMICPO_INLINE softmax_slope(double log_sum, double coefficient)
      : high_(static_cast<number>(log_sum)),
        low_(static_cast<number>(log_sum - static_cast<double>(high_))),
        minus_(static_cast<number>(-coefficient)),
        log_sum_(log_sum),
        coefficient_(coefficient) {}

  DYNAMICPO_INLINE V of_others(const V& x) const { return V(minus_) * elementary::decay((x - V(high_)) - V(low_)); }
  DYNAMICPO_INLINE number of_label(number x) const {  // in double, by expm1: what is left of 1 may be little
    return static_cast<number>(-coefficient_ * std::expm1(std::min(static_cast<double>(x) - log_sum_, 0.0)));
  }

 private:
  number high_, low_, minus_;
  double log_sum_, coefficient_;
};

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
  for_each_piece(logits, vocabulary, room, [&](const number* values, index first, std::size_t count) {
    U* const made = to + first;
    std::size_t k = 0;
    for (; k + V::count <= count; k += V::count) {
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
  });
  if (inside) { to[label] = at_label; }
}

}  // namespace dynamicpo::inline v1::detail
