// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "dynamicpo/detail/lanes.hpp"

/// Sums of several short rows of floats, each row along the lanes: no lane waits for a longer row, and memory is read
/// as it lies. Only where the order of additions does not matter.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

#if !defined(__CUDACC__)  // nvcc cannot pass on the shuffles
template <class Vector, std::size_t... I>
DYNAMICPO_INLINE void add_neighbours(const Vector& a, const Vector& b, Vector& to, std::index_sequence<I...>) {
  to = __builtin_shufflevector(a, b, (2 * I)...) + __builtin_shufflevector(a, b, (2 * I + 1)...);
}
/// to[i] = sum of row[i]; as many rows as each has numbers. `row` is overwritten.
template <std::size_t Rows, class Vector, std::size_t Size>
DYNAMICPO_INLINE void sum_each(Vector (&row)[Size], Vector& to) {
  if constexpr (Rows == 1) {
    to = row[0];
  } else {
    unrolled<Rows / 2>([&](auto i) __attribute__((always_inline)) {
      add_neighbours(row[2 * i], row[2 * i + 1], row[i], std::make_index_sequence<Size>{});
    });
    sum_each<Rows / 2>(row, to);
  }
}

template <std::size_t Size>
DYNAMICPO_INLINE std::int32_t least_of(std::int32_t (&all)[Size]) {
  for (std::size_t half = Size / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) { all[i] = all[i + half] < all[i] ? all[i + half] : all[i]; }
  }
  return all[0];
}

/// total[l] = sum of the numbers of row l in double, where they are all finite and every sum of them is exact: the same
/// bits in any order. False where that is not certain, `total` then means nothing.
///
/// Of numbers from 2^a to below 2^b, b - a <= 24, all are multiples of 2^(a - 23), and no sum of 64 of them reaches
/// 2^(b + 6): 53 binary digits hold it.
///
/// \param count   count(l): numbers of row l, at most 64.
/// \param row_of  row_of(l)(k): numbers k, k + 1, .. of row l, a lane each; what is beyond the row may be anything.
template <class V, class Count, class Row>
DYNAMICPO_INLINE bool exact_row_sums(const Count& count, const Row& row_of, lanes<double, V::count, V::bytes>& total) {
  using sums = lanes<double, V::count, V::bytes>;
  using integers = typename V::truth;
  static_assert(sizeof(typename V::element) == 4);
  constexpr std::int32_t sign = std::numeric_limits<std::int32_t>::min();
  std::int32_t order[V::count];
  for (std::size_t l = 0; l < V::count; ++l) { order[l] = static_cast<std::int32_t>(l); }
  const integers lane = integers::load(order);

  // Magnitudes as integers, which are ordered as the numbers are; the least without zeros: those wrap to the greatest.
  integers most(0), least(std::numeric_limits<std::int32_t>::max());
  const auto add_up = [&](const V& numbers, std::size_t left, typename sums::vector& to)
      __attribute__((always_inline)) {
    const V some = left < V::count ? where(lane < integers(static_cast<std::int32_t>(left)), numbers, V(0)) : numbers;
    const integers magnitude = reinterpret<std::int32_t>(some) & integers(~sign);
    const integers from_least = (magnitude - integers(1)) ^ integers(sign);
    most = where(most < magnitude, magnitude, most);
    least = where(from_least < least, from_least, least);
    const sums wide(some);
    to = wide.part[0];
    for (std::size_t q = 1; q < sums::parts; ++q) { to = to + wide.part[q]; }
  };
  unrolled<sums::parts>([&](auto p) __attribute__((always_inline)) {
    typename sums::vector row[sums::per_part];
    for (std::size_t i = 0; i < sums::per_part; ++i) {
      const std::size_t l = p * sums::per_part + i, size = count(l);
      const auto number = row_of(l);
      add_up(number(0), size, row[i]);
      for (std::size_t k = V::count; k < size; k += V::count) {
        typename sums::vector more;
        add_up(number(k), size - k, more);
        row[i] = row[i] + more;
      }
    }
    sum_each<sums::per_part>(row, total.part[p]);
  });
  total = total + sums(0);  // of zeros that are all negative, 0 as any other sum

  std::int32_t lowest[V::count], negated_most[V::count];
  least.store(lowest);
  (~most).store(negated_most);
  const std::int32_t high = ~least_of(negated_most), low = (least_of(lowest) ^ sign) + 1;
  constexpr std::int32_t infinite = 0x7f800000;
  constexpr int exponent = 23;
  return high < infinite && (high >> exponent) - (low >> exponent) <= 23;
}
#endif

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
