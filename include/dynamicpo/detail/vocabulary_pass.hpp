// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "dynamicpo/detail/elementary.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

/// One pass over the logits of a token, a piece of the vocabulary at a time.
namespace dynamicpo::inline v1::detail {

/// log of the sum of e^x as most + log(sum), and what else a pass gathers.
struct softmax_sums {
  double most = -std::numeric_limits<double>::infinity();
  double sum = 0;       ///< of e^(x - most)
  double weighted = 0;  ///< of (x - most) e^(x - most)
  index argmax = -1;    ///< the first that is greatest

  double log_probability(double logit) const { return (logit - most) - elementary::log(sum); }
  double entropy() const { return elementary::log(sum) - weighted / sum; }
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

/// Lanes k .. of `count` values; `other` beyond them.
template <class V>
DYNAMICPO_INLINE V lanes_or(const typename V::element* values, std::size_t k, std::size_t count,
                            typename V::element other) {
  if (k + V::count <= count) { return V::load(values + k); }
  typename V::element rest[V::count];
  for (std::size_t l = 0; l < V::count; ++l) { rest[l] = k + l < count ? values[k + l] : other; }
  return V::load(rest);
}

/// Adds `count` logits, the first of which is number `first` of the vocabulary. Online: the sums so far are rescaled
/// when there is a greater one among them.
template <class V>
DYNAMICPO_INLINE void add_piece(const typename V::element* values, index first, std::size_t count, bool with_entropy,
                                softmax_sums& total) {
  using number = typename V::element;
  constexpr number lowest = -std::numeric_limits<number>::infinity();
  V most(lowest);
  auto unordered = most < most;
  for (std::size_t k = 0; k < count; k += V::count) {
    const V x = lanes_or<V>(values, k, count, lowest);
    most = where(most < x, x, most);
    unordered = unordered | ~(x == x);
  }
  number greatest = most[0];
  for (std::size_t l = 1; l < V::count; ++l) { greatest = std::max(greatest, most[l]); }
  if (any(unordered)) { total.sum = std::numeric_limits<double>::quiet_NaN(); }
  if (static_cast<double>(greatest) > total.most) {
    if (total.sum > 0) {
      const double step = total.most - static_cast<double>(greatest), factor = elementary::exp(step);
      total.weighted = factor > 0 ? factor * (total.weighted + total.sum * step) : 0;
      total.sum *= factor;
    }
    total.most = static_cast<double>(greatest);
    total.argmax = first + (std::find(values, values + count, greatest) - values);
  }
  if (total.most == -std::numeric_limits<double>::infinity()) { return; }
  using accumulator = accumulator_of<V>;  // or what is small would be lost beside 1
  accumulator sum(0), weighted(0);
  const V shift(static_cast<number>(total.most));
  for (std::size_t k = 0; k < count; k += V::count) {
    const V distance = lanes_or<V>(values, k, count, lowest) - shift, weight = elementary::decay(distance);
    sum += accumulator(weight);
    if (with_entropy) { weighted += accumulator(where(weight == V(0), V(0), distance * weight)); }
  }
  total.sum += sum_of_lanes(sum);
  total.weighted += sum_of_lanes(weighted);
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

/// to[v] = (or += with `accumulate`) coefficient ([v = label] - softmax(logits)[v]); `to` may be the logits.
template <class V, class T, class U>
DYNAMICPO_INLINE void softmax_gradient(const T* logits, index vocabulary, const softmax_sums& sums, index label,
                                       double coefficient, bool accumulate, U* to) {
  using number = typename V::element;
  alignas(64) number room[vocabulary_piece], made[vocabulary_piece + V::count];
  const V shift(static_cast<number>(sums.most)), log_sum(static_cast<number>(elementary::log(sums.sum)));
  const V minus(static_cast<number>(-coefficient));
  for_each_piece(logits, vocabulary, room, [&](const number* values, index first, std::size_t count) {
    for (std::size_t k = 0; k < count; k += V::count) {
      const V x = lanes_or<V>(values, k, count, -std::numeric_limits<number>::infinity());
      (minus * elementary::decay((x - shift) - log_sum)).store(made + k);
    }
    if (label >= first && label < first + static_cast<index>(count)) {
      made[label - first] = static_cast<number>(static_cast<double>(made[label - first]) + coefficient);
    }
    for (std::size_t k = 0; k < count; ++k) {
      U& entry = to[first + static_cast<index>(k)];
      using wide = std::common_type_t<compute_of<U>, number>;
      entry = static_cast<U>(accumulate ? static_cast<wide>(entry) + static_cast<wide>(made[k])
                                        : static_cast<wide>(made[k]));
    }
  });
}

}  // namespace dynamicpo::inline v1::detail
