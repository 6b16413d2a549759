// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

// Packs of 32 bytes for the raw twins: loads, elementary functions, sums across rows. Not passed across calls.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

namespace bench::raw {

template <class T>
struct pack_of {
  using bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  typedef T type __attribute__((vector_size(32)));
  typedef bits mask __attribute__((vector_size(32)));
};
template <class T>
using pack = typename pack_of<T>::type;
template <class T>
using mask = typename pack_of<T>::mask;
template <class T>
inline constexpr int width = static_cast<int>(32 / sizeof(T));

template <class T>
inline pack<T> all(T value) {
  return pack<T>{} + value;
}
template <class T>
inline pack<T> load(const T* from) {
  pack<T> value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
template <class T>
inline void store(T* to, const pack<T>& value) {
  std::memcpy(to, &value, sizeof(value));
}
template <class To, class From>
inline To bits_as(const From& from) {
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

/// Lanes [0, count).
template <class T>
inline mask<T> first_lanes(std::int64_t count) {
  mask<T> lane;
  for (int i = 0; i < width<T>; ++i) { lane[i] = i; }
  return lane < static_cast<typename pack_of<T>::bits>(count);
}

template <class T>
struct constants;
template <>
struct constants<float> {
  static constexpr float lowest = -87.0f, round = 0x1.8p23f, ln2_high = 0x1.62ep-1f, ln2_low = 0x1.0bfbe8p-15f;
  static constexpr int exp_terms = 7, log_terms = 5, mantissa = 23;
};
template <>
struct constants<double> {
  static constexpr double lowest = -708.0, round = 0x1.8p52, ln2_high = 0x1.62e42feep-1,
                          ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr int exp_terms = 13, log_terms = 11, mantissa = 52;
};

inline constexpr auto inverse_factorials = [] {
  std::array<double, 14> values{1.0};
  for (std::size_t i = 1; i < values.size(); ++i) { values[i] = values[i - 1] / static_cast<double>(i); }
  return values;
}();

/// x <= 0; what would be a denormal is the least normal number.
template <class T>
inline pack<T> exp(const pack<T>& exponent) {
  using c = constants<T>;
  const pack<T> x = exponent < c::lowest ? all(c::lowest) : exponent;
  const pack<T> shifted = x * T(1.4426950408889634) + c::round;
  const pack<T> n = shifted - c::round;
  const pack<T> r = (x - n * c::ln2_high) - n * c::ln2_low;
  pack<T> sum = all(T(inverse_factorials[c::exp_terms]));
  for (int i = c::exp_terms - 1; i >= 0; --i) { sum = sum * r + T(inverse_factorials[static_cast<std::size_t>(i)]); }
  return bits_as<pack<T>>(bits_as<mask<T>>(sum) + (bits_as<mask<T>>(shifted) << c::mantissa));
}

/// x >= 0.
template <class T>
inline pack<T> log1p(const pack<T>& x) {
  using c = constants<T>;
  const pack<T> y = T(1) + x;
  const mask<T> root_half = bits_as<mask<T>>(all(T(0.70710678118654752)));
  const mask<T> exponent = (bits_as<mask<T>>(y) - root_half) >> c::mantissa;
  const pack<T> n = bits_as<pack<T>>(bits_as<mask<T>>(all(c::round)) + exponent) - c::round;
  const pack<T> f = bits_as<pack<T>>(bits_as<mask<T>>(y) - (exponent << c::mantissa)) - T(1);
  const pack<T> q = f / (T(2) + f);
  pack<T> series = all(T(1.0 / (2 * c::log_terms + 1)));
  for (int i = c::log_terms - 1; i >= 0; --i) { series = series * (q * q) + T(1.0 / (2 * i + 1)); }
  const pack<T> lost = (x - (y - T(1))) / y;
  return n * c::ln2_high + (T(2) * q * series + (n * c::ln2_low + lost));
}

template <class T>
inline pack<T> tanh(const pack<T>& x) {
  const pack<T> magnitude = x < T(0) ? -x : x;
  const pack<T> e = exp<T>(T(-2) * magnitude);
  const pack<T> value = (T(1) - e) / (T(1) + e);
  return x < T(0) ? -value : value;
}

template <class T, bool High, std::size_t... I>
inline pack<T> interleave(const pack<T>& a, const pack<T>& b, std::index_sequence<I...>) {
  constexpr std::size_t start = High ? sizeof...(I) / 2 : 0;
  return __builtin_shufflevector(a, b, static_cast<int>(start + I / 2 + (I % 2) * sizeof...(I))...);
}
/// a0 b0 a1 b1 .., and the same of the upper halves.
template <class T>
inline pack<T> low_of(const pack<T>& a, const pack<T>& b) {
  return interleave<T, false>(a, b, std::make_index_sequence<width<T>>{});
}
template <class T>
inline pack<T> high_of(const pack<T>& a, const pack<T>& b) {
  return interleave<T, true>(a, b, std::make_index_sequence<width<T>>{});
}

/// Lane i of the result folds the lanes of rows[i].
template <class T, class Fold>
inline pack<T> across_rows(pack<T> (&rows)[width<T>], Fold fold) {
  for (int half = width<T> / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      rows[i] = fold(low_of<T>(rows[i], rows[i + half]), high_of<T>(rows[i], rows[i + half]));
    }
  }
  return rows[0];
}

template <class T>
inline void transpose(pack<T> (&block)[width<T>]) {
  constexpr int half = width<T> / 2;
  for (int round = 1; round < width<T>; round *= 2) {
    pack<T> next[width<T>];
    for (int i = 0; i < half; ++i) {
      next[2 * i] = low_of<T>(block[i], block[i + half]);
      next[2 * i + 1] = high_of<T>(block[i], block[i + half]);
    }
    for (int i = 0; i < width<T>; ++i) { block[i] = next[i]; }
  }
}

}  // namespace bench::raw

#pragma GCC diagnostic pop
