// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// Elementary functions of float and double, written once over V: the number alone or `lanes` of it, with the same bits
/// for each lane. No branch depends on a value, nothing is looked up, no operation is fused with another. Over the
/// whole range, denormal numbers and both infinities included, within the units of the last place that
/// docs/derivations/elementary.md states.
namespace dynamicpo::inline v1::detail::elementary_float {

template <class V>
struct element {
  using type = V;
};
template <class T, std::size_t Count, std::size_t Bytes>
struct element<lanes<T, Count, Bytes>> {
  using type = T;
};
template <class V>
using element_of = typename element<V>::type;

/// What has these functions.
template <class V>
concept number = std::same_as < element_of<V>,
float > || std::same_as<element_of<V>, double>;

template <class T, class V>
struct rebound {
  using type = T;
};
template <class T, class U, std::size_t Count, std::size_t Bytes>
struct rebound<T, lanes<U, Count, Bytes>> {
  using type = lanes<T, Count, Bytes>;
};
/// As many T as V has numbers.
template <class T, class V>
using like = typename rebound<T, V>::type;
/// The bits of one element, and of V.
template <class V>
using word = std::make_unsigned_t<bits_of<element_of<V>>>;
template <class V>
using words = like<word<V>, V>;

/// Constants of a format, and the coefficients of minimax polynomials, lowest power first.
template <class T>
struct format;

template <>
struct format<float> {
  static constexpr int fraction_bits = 23;
  static constexpr float bias = 127;              // of the exponent
  static constexpr float rounder = 0x1.8p23F;     // added, it leaves the nearest integer in the lowest bits
  static constexpr float ln2_high = 0x1.62ep-1F;  // times any exponent it is exact
  static constexpr float ln2_low = 0x1.0bfbe8p-15F;
  static constexpr float log2_e = 0x1.715476p0F;
  static constexpr float exp_least = -104, exp_most = 89;  // beyond them exp rounds to 0 and to infinity
  static constexpr float tanh_most = 10;                   // from there tanh rounds to 1
  static constexpr float halved = 0x1p-64F;
  static constexpr float half_range = 64;
  static constexpr float raised_least = -132.4F;  // its 2^(n + half_range) is the word 0, and so the number
  static constexpr float denormal_scale = 0x1p24F;
  static constexpr int denormal_shift = 24;
  static constexpr float one_is_lost = 0x1p25F;  // from there 1 + x rounds to x
  static constexpr std::uint32_t sqrt_half = 0x3f3504f3;

  struct exp_terms {
    static constexpr float all[] = {0.49999994F, 0.166665211F, 0.041668389F, 0.00836871658F, 0.00138146267F};
  };
  struct exp_terms_of_sums {  // 0.9 units of the last place of e^r at most
    static constexpr float all[] = {0.49999231F, 0.166671157F, 0.0418903306F, 0.0083125010F};
  };
  struct coth_terms {
    static constexpr float all[] = {0.16666618F, -0.00276598497F};
  };
  struct log_terms {
    static constexpr float all[] = {0.666667759F, 0.399775714F, 0.298710406F};
  };
  struct log_terms_to_2 {
    static constexpr float all[] = {0.666664183F, 0.400215268F, 0.280018181F, 0.28011933F};
  };
};

template <>
struct format<double> {
  static constexpr int fraction_bits = 52;
  static constexpr double bias = 1023;
  static constexpr double rounder = 0x1.8p52;
  static constexpr double ln2_high = 0x1.62e42feep-1;
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double log2_e = 0x1.71547652b82fep0;
  static constexpr double exp_least = -746, exp_most = 710;
  static constexpr double tanh_most = 20;
  static constexpr double halved = 0x1p-512;
  static constexpr double half_range = 512;
  static constexpr double raised_least = -1064.1;
  static constexpr double denormal_scale = 0x1p54;
  static constexpr int denormal_shift = 54;
  static constexpr double one_is_lost = 0x1p54;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcd;

  struct exp_terms {
    static constexpr double all[] = {0.50000000000000111,    0.16666666666666413,    0.041666666666530218,
                                     0.0083333333334945376,  0.0013888888943623717,  0.00019841269507006476,
                                     2.4801493099718343e-05, 2.7557585622572056e-06, 2.7630249505451981e-07,
                                     2.5000382504185785e-08};
  };
  using exp_terms_of_sums = exp_terms;
  struct coth_terms {
    static constexpr double all[] = {0.16666666666666555, -0.0027777777776696365, 6.6137562501180299e-05,
                                     -1.6533837144495144e-06, 4.136046671184425e-08};
  };
  struct log_terms {
    static constexpr double all[] = {0.6666666666666734,  0.39999999999416058, 0.28571428742099919, 0.2222219860109888,
                                     0.18183562950351759, 0.15314083974432879, 0.14795631994536443};
  };
  struct log_terms_to_2 {
    static constexpr double all[] = {0.66666666666677699, 0.39999999996049679,  0.28571429058003078,
                                     0.22222192904225499, 0.18182814087172028,  0.15364295256644214,
                                     0.13586316949256241, 0.099028068517067427, 0.17739788917447702};
  };
};

template <class Terms>
inline constexpr std::size_t term_count = std::extent_v<decltype(Terms::all)>;
template <class T>
inline constexpr T least_normal = std::numeric_limits<T>::min();
template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T nan = std::numeric_limits<T>::quiet_NaN();
template <class T>
inline constexpr T lowest = std::numeric_limits<T>::lowest();
template <class T>
inline constexpr T epsilon = std::numeric_limits<T>::epsilon();

template <std::size_t N>
inline constexpr std::size_t largest_power_below = std::bit_ceil(N) / 2;
/// x^N, N a power of two.
template <std::size_t N, class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V power(const V& x) {
  if constexpr (N == 1) {
    return x;
  } else {
    const V root = power<N / 2>(x);
    return root * root;
  }
}
/// terms[First] + terms[First + 1] x + .. + terms[First + Count - 1] x^(Count - 1), by halves: what bounds the speed is
/// the chain of dependent operations.
template <class Terms, std::size_t First = 0, std::size_t Count = term_count<Terms>, class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V polynomial(const V& x) {
  constexpr auto term = Terms::all[First];
  if constexpr (Count == 1) {
    return V(term);
  } else {
    constexpr std::size_t low = largest_power_below<Count>;
    return polynomial<Terms, First, low>(x) + power<low>(x) * polynomial<Terms, First + low, Count - low>(x);
  }
}

template <class U, class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr like<U, V> bits_as(const V& x) {
  if constexpr (is_lanes<V>) {
    return reinterpret<U>(x);
  } else {
    return __builtin_bit_cast(U, x);
  }
}
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr words<V> bits(const V& x) {
  return bits_as<word<V>>(x);
}
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V from_bits(const words<V>& x) {
  return bits_as<element_of<V>>(x);
}
template <class V>
inline constexpr word<V> sign_bit = word<V>{1} << (8 * sizeof(word<V>) - 1);

template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V abs(const V& x) {
  return from_bits<V>(bits(x) & words<V>(~sign_bit<V>));
}
template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V minus_abs(const V& x) {
  return from_bits<V>(bits(x) | words<V>(sign_bit<V>));
}
/// The size of `x` under the sign of `signed_by`, where x is not negative.
template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V with_sign_of(const V& signed_by, const V& x) {
  return from_bits<V>(bits(x) | (bits(signed_by) & words<V>(sign_bit<V>)));
}

/// x = n ln 2 + rest with |rest| <= ln 2 / 2; the lowest bits are those of n + lift.
template <class V>
struct reduced {
  V rest;
  words<V> n;
};
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr reduced<V> reduce(const V& x, element_of<V> lift) {
  using of = format<element_of<V>>;
  const V rounder(of::rounder + lift);
  const V rounded = x * V(of::log2_e) + rounder;
  const V n = rounded - rounder;
  return {(x - n * V(of::ln2_high)) - n * V(of::ln2_low), bits(rounded)};
}
/// 2^(n - bias) of the lowest bits of n.
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V power_of_2(const words<V>& n) {
  return from_bits<V>(n << format<element_of<V>>::fraction_bits);
}
/// e^x of a rest.
template <class V, class Terms = typename format<element_of<V>>::exp_terms>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V exp_of_rest(const V& x) {
  return V(1) + (x + x * x * polynomial<Terms>(x));
}

/// e^x for x <= 0 and for a NaN, in fewer steps than exp.
template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V decay(const V& x) {
  using of = format<element_of<V>>;
  const reduced<V> parts = reduce(x, of::bias + of::half_range);
  // 2^n may be denormal, and then exact still; the result is rounded once.
  const V power = power_of_2<V>(parts.n) * V(of::halved);
  return where(x < V(of::exp_least), V(0), exp_of_rest(parts.rest) * power);
}

/// 2^half_range e^x for x up to half_range / 2 and for a NaN, for sums that are multiplied by `halved` in the end: in
/// fewer steps, without a denormal number, within 2.3 units of the last place. 0 where e^x < 2^-(bias + half_range).
/// \param least  raised_least, best as a variable: GCC takes one maximum with that, and compares with a constant.
template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V raised_decay(const V& x, const V& least) {
  using of = format<element_of<V>>;
  const reduced<V> parts = reduce(where(x < least, least, x), of::bias + of::half_range);
  return exp_of_rest<V, typename of::exp_terms_of_sums>(parts.rest) * power_of_2<V>(parts.n);
}

template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V exp(const V& x) {
  using of = format<element_of<V>>;
  const reduced<V> parts = reduce(x, 2 * of::bias);
  // 2^n in two steps: neither leaves the normal numbers, and the result is rounded once.
  const words<V> part = parts.n >> 1;
  const V finite = exp_of_rest(parts.rest) * power_of_2<V>(part) * power_of_2<V>(parts.n - part);
  return where(x < V(of::exp_least), V(0), where(V(of::exp_most) < x, V(infinity<element_of<V>>), finite));
}

/// f - log(1 + f) = s (f - R): s = f / (2 + f), R = 2 atanh(s) / s - 2, an even function.
template <class Terms, class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V log1p_defect(const V& f) {
  const V s = f / (V(2) + f);
  const V square = s * s;
  return s * (f - square * polynomial<Terms>(square));
}
/// log(1 + f) for f in [0, 1].
template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V log1p_to_2(const V& f) {
  return f - log1p_defect<typename format<element_of<V>>::log_terms_to_2>(f);
}

/// x = m 2^n, m in [sqrt(1/2), sqrt(2)), of a positive normal x.
template <class V>
struct split {
  V fraction;
  V exponent;
  V scale;  // 2^-n, where that is a normal number
};
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr split<V> split_up(const V& x) {
  using of = format<element_of<V>>;
  using W = word<V>;
  constexpr W one = bits(element_of<V>{1});
  constexpr W fraction = (W{1} << of::fraction_bits) - 1;
  const words<V> shifted = bits(x) + words<V>(one - of::sqrt_half);
  const words<V> biased = shifted & words<V>(~fraction);
  // The exponent as a number without a conversion of integers: put into the fraction of 2^fraction_bits.
  constexpr W large = one + (W{of::fraction_bits} << of::fraction_bits);
  const V number = from_bits<V>((shifted >> of::fraction_bits) | words<V>(large));
  constexpr auto offset = from_bits<element_of<V>>(large) + of::bias;
  return {from_bits<V>((shifted & words<V>(fraction)) + words<V>(of::sqrt_half)), number - V(offset),
          from_bits<V>(words<V>(one + one) - biased)};
}
/// n ln 2 + log(1 + f), |f| < 0.42.
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V log_of_parts(const V& n, const V& f) {
  using of = format<element_of<V>>;
  return n * V(of::ln2_high) + (f - (log1p_defect<typename of::log_terms>(f) - n * V(of::ln2_low)));
}
/// log(x), which is `value` where 0 < x < infinity.
template <class V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V at_ends(const V& x, const V& value) {
  using T = element_of<V>;
  const V finite = where(x < V(infinity<T>), value, x);
  const V positive = where(x < V(0), V(nan<T>), finite);
  return where(x == V(0), V(-infinity<T>), positive);
}

template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V log(const V& x) {
  using of = format<element_of<V>>;
  const auto denormal = x < V(least_normal<element_of<V>>);
  const split<V> parts = split_up(where(denormal, x * V(of::denormal_scale), x));
  const V n = parts.exponent - where(denormal, V(of::denormal_shift), V(0));
  return at_ends(x, log_of_parts(n, parts.fraction - V(1)));
}

template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V log1p(const V& x) {
  using of = format<element_of<V>>;
  const V sum = V(1) + x;
  const split<V> parts = split_up(sum);
  // f = (1 + x) / 2^n - 1 from x, where the sum has lost digits of it.
  const V f = where(x < V(of::one_is_lost), x * parts.scale + (parts.scale - V(1)), parts.fraction - V(1));
  return at_ends(sum, with_sign_of(x, abs(log_of_parts(parts.exponent, f))));
}

template <number V>
DYNAMICPO_INLINE DYNAMICPO_HD constexpr V tanh(const V& x) {
  using of = format<element_of<V>>;
  // e^(2 |x|) = 2^n (b + r) / (b - r) with b = r coth(r / 2), an even function. Of d = e^(2 |x|) - 1 the result is
  // d / (d + 2): both times b - r, and d = 2^n (e^r - 1) + (2^n - 1), which keeps its relative accuracy down to 0.
  const V size = abs(x);
  const reduced<V> parts = reduce(size + size, of::bias);
  const V square = parts.rest * parts.rest;
  const V below = (V(2) - parts.rest) + square * polynomial<typename of::coth_terms>(square);
  const V power = power_of_2<V>(parts.n);
  const V d = power * (parts.rest + parts.rest) + (power - V(1)) * below;
  return with_sign_of(x, where(V(of::tanh_most) < size, V(1), d / (d + (below + below))));
}

}  // namespace dynamicpo::inline v1::detail::elementary_float
