// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "dynamicpo/config.hpp"

/// Numbers side by side, so that a formula written over a number runs on all of them at once. Every operation is that
/// of the number, lane by lane, with the same bits. Comparisons give lanes of truth, which `where` reads; there is no
/// conversion to bool. Built on the vector extension of GCC and clang, which turns each operation into what the
/// processor has.
namespace dynamicpo::inline v1::detail {

/// The integer as wide as T, for its bits and for truth: all ones or 0.
template <class T>
using bits_of = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

// Vectors wider than the target's registers are what narrower targets get; they never cross a call.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// A vector at any address. (An alignment that a name alone carries is lost with the name.)
template <class Vector>
struct __attribute__((packed, may_alias)) anywhere {
  Vector value;
};
template <class Vector, class T>
DYNAMICPO_INLINE void load_from(const T* from, Vector& to) {
  to = reinterpret_cast<const anywhere<Vector>*>(from)->value;
}
template <class Vector, class T>
DYNAMICPO_INLINE void store_to(T* to, const Vector& from) {
  reinterpret_cast<anywhere<Vector>*>(to)->value = from;
}

#if defined(DYNAMICPO_DISPATCH) && !defined(__CUDACC__)
template <class Vector, class T, std::size_t... Lane>
DYNAMICPO_INLINE void broadcast_first(T x, Vector& to, std::index_sequence<Lane...>) {
  Vector first{};
  first[0] = x;
  to = __builtin_shufflevector(first, first, (Lane * 0)...);
}
#endif
/// A number in every lane, with the bits that it has: x + 0 would lose the sign of -0.
template <class Vector, class T>
DYNAMICPO_INLINE void broadcast(T x, Vector& to) {
#if defined(DYNAMICPO_DISPATCH) && !defined(__CUDACC__)
  // Wider than this target's own registers: GCC would insert the lanes one by one.
  if constexpr (sizeof(Vector) == 32) {
    return broadcast_first(x, to, std::make_index_sequence<sizeof(Vector) / sizeof(T)>{});
  }
#endif
  to = x - Vector{};
}

template <class Work, std::size_t... I>
DYNAMICPO_INLINE constexpr void unroll(Work& work, std::index_sequence<I...>) {
  (work(std::integral_constant<std::size_t, I>{}), ...);
}
/// work(0), work(1), .. work(Count - 1), each with a constant.
template <std::size_t Count, class Work>
DYNAMICPO_INLINE constexpr void unrolled(Work work) {
  unroll(work, std::make_index_sequence<Count>{});
}

// The statement for i = 0 .. parts - 1. Spelt out, since these operations are what compile time goes to.
#define DYNAMICPO_EACH_PART(...)                              \
  DYNAMICPO_PART(0, __VA_ARGS__)                              \
  if constexpr (parts > 1) { DYNAMICPO_PART(1, __VA_ARGS__) } \
  if constexpr (parts > 2) {                                  \
    DYNAMICPO_PART(2, __VA_ARGS__)                            \
    DYNAMICPO_PART(3, __VA_ARGS__)                            \
  }                                                           \
  if constexpr (parts > 4) {                                  \
    DYNAMICPO_PART(4, __VA_ARGS__)                            \
    DYNAMICPO_PART(5, __VA_ARGS__)                            \
    DYNAMICPO_PART(6, __VA_ARGS__)                            \
    DYNAMICPO_PART(7, __VA_ARGS__)                            \
  }                                                           \
  static_assert(parts == 1 || parts == 2 || parts == 4 || parts == 8)
#define DYNAMICPO_PART(number, ...)   \
  {                                   \
    constexpr std::size_t i = number; \
    __VA_ARGS__;                      \
  }

/// `Count` numbers in registers of `Bytes`.
template <class T, std::size_t Count, std::size_t Bytes>
struct lanes {
  static constexpr std::size_t count = Count;
  static constexpr std::size_t bytes = Bytes;
  static constexpr std::size_t per_part = Bytes / sizeof(T) < Count ? Bytes / sizeof(T) : Count;
  static constexpr std::size_t parts = Count / per_part;
  static_assert(parts * per_part == Count);
  typedef T vector __attribute__((vector_size(per_part * sizeof(T))));  // NOLINT(modernize-use-using): an attribute
  using element = T;
  using truth = lanes<bits_of<T>, Count, Bytes>;
  template <class U>
  using of = lanes<U, Count, Bytes>;

  vector part[parts];

  lanes() = default;
  // Part by part: GCC copies the whole in pieces of 16 bytes, which loads of a part then wait for.
  DYNAMICPO_INLINE constexpr lanes(const lanes& other) { DYNAMICPO_EACH_PART(part[i] = other.part[i]); }
  DYNAMICPO_INLINE constexpr lanes& operator=(const lanes& other) {
    DYNAMICPO_EACH_PART(part[i] = other.part[i]);
    return *this;
  }
  /// The same number in every lane.
  template <class U>
  requires std::is_arithmetic_v<U> DYNAMICPO_INLINE constexpr explicit lanes(U all) {
    if constexpr (std::is_integral_v<T>) {
      if (!std::is_constant_evaluated()) {
        DYNAMICPO_EACH_PART(broadcast(static_cast<T>(all), part[i]));
        return;
      }
    }
    DYNAMICPO_EACH_PART(part[i] = vector{} + static_cast<T>(all));
  }
  /// Converted lane by lane.
  template <class U>
    requires(!std::is_same_v<U, T>)
  DYNAMICPO_INLINE explicit lanes(const lanes<U, Count, Bytes>& other) {
#if defined(__AVX512F__) && !defined(__clang__) && !defined(__CUDACC__)
    // GCC would convert four numbers at a time.
    if constexpr (per_part * sizeof(T) == 64 && std::is_same_v<T, double> && std::is_same_v<U, float>) {
      widen(other, std::make_index_sequence<per_part>{});
      return;
    } else if constexpr (per_part * sizeof(T) == 64 && std::is_same_v<T, float> && std::is_same_v<U, double>) {
      narrow(other);
      return;
    }
#endif
    convert(other, std::make_index_sequence<per_part>{});
  }

  DYNAMICPO_INLINE static lanes load(const T* from) {
    lanes to;
    DYNAMICPO_EACH_PART(load_from(from + i * per_part, to.part[i]));
    return to;
  }
  DYNAMICPO_INLINE void store(T* to) const { DYNAMICPO_EACH_PART(store_to(to + i * per_part, part[i])); }
  DYNAMICPO_INLINE T operator[](std::size_t lane) const { return part[lane / per_part][lane % per_part]; }

  /// operation(part, i) sets each part. Vectors go by reference: returned, they would have an ABI.
  template <class Operation>
  DYNAMICPO_INLINE static lanes each(Operation operation) {
    lanes result;
    unrolled<parts>([&](auto i) __attribute__((always_inline)) { operation(result.part[i], std::size_t{i}); });
    return result;
  }

  DYNAMICPO_INLINE friend lanes operator+(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] + b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator-(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] - b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator*(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] * b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator/(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] / b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator-(const lanes& a) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = -a.part[i]);
    return to;
  }
  DYNAMICPO_INLINE lanes& operator+=(const lanes& b) { return *this = *this + b; }
  DYNAMICPO_INLINE lanes& operator-=(const lanes& b) { return *this = *this - b; }

  DYNAMICPO_INLINE friend truth operator<(const lanes& a, const lanes& b) {
    truth to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] < b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend truth operator==(const lanes& a, const lanes& b) {
    truth to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] == b.part[i]);
    return to;
  }

  // Of integer lanes alone.
  DYNAMICPO_INLINE friend lanes operator&(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] & b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator|(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] | b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator^(const lanes& a, const lanes& b) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] ^ b.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator~(const lanes& a) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = ~a.part[i]);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator<<(const lanes& a, int by) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] << by);
    return to;
  }
  DYNAMICPO_INLINE friend lanes operator>>(const lanes& a, int by) {
    lanes to;
    DYNAMICPO_EACH_PART(to.part[i] = a.part[i] >> by);
    return to;
  }

 private:
  template <class U, std::size_t... Lane>
  DYNAMICPO_INLINE void convert(const lanes<U, Count, Bytes>& other, std::index_sequence<Lane...>) {
    constexpr std::size_t n = lanes<U, Count, Bytes>::per_part;
#if !defined(__CUDACC__)
    // Number by number, GCC 12 would take a conversion to float and back to double for none.
    if constexpr (std::is_same_v<T, float> && std::is_same_v<U, double>) {
      using some = typename lanes<float, n, n * sizeof(float)>::vector;
      unrolled<parts>([&](auto i) __attribute__((always_inline)) {
        if constexpr (n == per_part) {
          part[i] = __builtin_convertvector(other.part[i], vector);
        } else {
          static_assert(2 * n == per_part);
          part[i] = __builtin_shufflevector(__builtin_convertvector(other.part[2 * i], some),
                                            __builtin_convertvector(other.part[2 * i + 1], some), Lane...);
        }
      });
      return;
    }
#endif
    unrolled<parts>([&](auto i) __attribute__((always_inline)) {
      constexpr std::size_t first = i * per_part;
      part[i] = vector{static_cast<T>(other.part[(first + Lane) / n][(first + Lane) % n])...};
    });
  }
#if defined(__AVX512F__) && !defined(__clang__) && !defined(__CUDACC__)
  typedef float half __attribute__((vector_size(32)));  // NOLINT(modernize-use-using): an attribute

  template <std::size_t... Lane>
  DYNAMICPO_INLINE void widen(const lanes<float, Count, Bytes>& other, std::index_sequence<Lane...>) {
    constexpr int as_set = 4;  // rounding
    constexpr std::size_t n = lanes<float, Count, Bytes>::per_part;
    unrolled<parts>([&](auto i) __attribute__((always_inline)) {
      constexpr std::size_t first = i * per_part;
      const half from{other.part[(first + Lane) / n][(first + Lane) % n]...};
      part[i] = __builtin_ia32_cvtps2pd512_mask(from, vector{}, static_cast<char>(-1), as_set);
    });
  }
  DYNAMICPO_INLINE void narrow(const lanes<double, Count, Bytes>& other) {
    typedef double whole __attribute__((vector_size(64)));    // NOLINT(modernize-use-using)
    typedef double quarter __attribute__((vector_size(32)));  // NOLINT(modernize-use-using)
    unrolled<parts>([&](auto i) __attribute__((always_inline)) {
      const half low = __builtin_convertvector(other.part[2 * i], half),
                 high = __builtin_convertvector(other.part[2 * i + 1], half);
      const whole first = __builtin_ia32_pd512_256pd(reinterpret_cast<quarter>(low));
      part[i] = reinterpret_cast<vector>(
          __builtin_ia32_insertf64x4_mask(first, reinterpret_cast<quarter>(high), 1, first, std::uint8_t{0xff}));
    });
  }
#endif
};

template <class X>
inline constexpr bool is_lanes = false;
template <class T, std::size_t Count, std::size_t Bytes>
inline constexpr bool is_lanes<lanes<T, Count, Bytes>> = true;

/// A number read at run time in every lane: a broadcast alone, where V(x) adds 0.
template <class V>
DYNAMICPO_INLINE V broadcast(typename V::element x) {
  return V::each([&](auto& to, std::size_t) __attribute__((always_inline)) { broadcast(x, to); });
}

/// The lanes' own bits as another type of the same width, and back.
template <class U, class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE lanes<U, Count, Bytes> reinterpret(const lanes<T, Count, Bytes>& x) {
  static_assert(sizeof(T) == sizeof(U));
  constexpr std::size_t parts = lanes<T, Count, Bytes>::parts;
  lanes<U, Count, Bytes> to;
  DYNAMICPO_EACH_PART(to.part[i] = reinterpret_cast<typename lanes<U, Count, Bytes>::vector>(x.part[i]));
  return to;
}
template <class U, class T>
requires std::is_arithmetic_v<T> DYNAMICPO_INLINE constexpr U reinterpret(T x) { return std::bit_cast<U>(x); }

/// The same number, which the compiler does not know: of places that it does not know it does not make one gather,
/// which takes longer than so many loads.
DYNAMICPO_INLINE std::ptrdiff_t opaque(std::ptrdiff_t x) {
#if defined(__GNUC__)
  __asm__("" : "+r"(x));
#endif
  return x;
}

/// `condition ? a : b`, lane by lane; both are computed.
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE lanes<T, Count, Bytes> where(const lanes<bits_of<T>, Count, Bytes>& condition,
                                              const lanes<T, Count, Bytes>& a, const lanes<T, Count, Bytes>& b) {
  constexpr std::size_t parts = lanes<T, Count, Bytes>::parts;
  lanes<T, Count, Bytes> to;
  DYNAMICPO_EACH_PART(to.part[i] = condition.part[i] ? a.part[i] : b.part[i]);
  return to;
}
template <class T>
DYNAMICPO_HD constexpr const T& where(bool condition, const T& a, const T& b) {
  return condition ? a : b;
}

/// join(.., join(join(start, at(0)), at(1)) ..) over `count` places, in two chains, of every other place each: in one
/// each would wait for the one before. For what neither order nor a second `start` changes, as of the least and the
/// most.
template <class V, class At, class Join>
DYNAMICPO_INLINE DYNAMICPO_HD V joined_in_two(const V& start, std::size_t count, const At& at, const Join& join) {
  V even = start, odd = start;
  std::size_t k = 0;
  for (; k + 2 <= count; k += 2) {
    even = join(even, at(k));
    odd = join(odd, at(k + 1));
  }
  return join(k < count ? join(even, at(k)) : even, odd);
}

template <class Vector, std::size_t... I>
DYNAMICPO_INLINE bool any_bit_of_halves(const Vector& all, std::index_sequence<I...> half);
/// Whether any bit is set; halves are joined down to 16 bytes, in registers.
template <class Vector>
DYNAMICPO_INLINE bool any_bit(const Vector& all) {
#if !defined(__CUDACC__)  // nvcc cannot pass on the shuffles
  if constexpr (sizeof(Vector) > 16) {
    return any_bit_of_halves(all, std::make_index_sequence<sizeof(Vector) / sizeof(all[0]) / 2>{});
  }
#endif
  std::uint64_t words[sizeof(Vector) / sizeof(std::uint64_t)], found = 0;
  std::memcpy(words, &all, sizeof(all));
  for (const std::uint64_t word : words) { found |= word; }
  return found != 0;
}
#if !defined(__CUDACC__)
template <class Vector, std::size_t... I>
DYNAMICPO_INLINE bool any_bit_of_halves(const Vector& all, std::index_sequence<I...>) {
  typedef std::remove_cvref_t<decltype(all[0])> half __attribute__((vector_size(sizeof(Vector) / 2)));
  const half joined =
      __builtin_shufflevector(all, all, I...) | __builtin_shufflevector(all, all, (sizeof...(I) + I)...);
  return any_bit(joined);
}
#endif

/// Whether any lane is true.
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE bool any(const lanes<T, Count, Bytes>& truth) {
  auto all = truth.part[0];
  for (std::size_t i = 1; i < truth.parts; ++i) { all |= truth.part[i]; }
  return any_bit(all);
}
DYNAMICPO_HD constexpr bool any(bool truth) { return truth; }

template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE lanes<T, Count, Bytes> negated(const lanes<T, Count, Bytes>& truth) {
  return ~truth;
}
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE lanes<T, Count, Bytes> both(const lanes<T, Count, Bytes>& a, const lanes<T, Count, Bytes>& b) {
  return a & b;
}
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE lanes<T, Count, Bytes> either(const lanes<T, Count, Bytes>& a, const lanes<T, Count, Bytes>& b) {
  return a | b;
}
DYNAMICPO_HD constexpr bool negated(bool truth) { return !truth; }
DYNAMICPO_HD constexpr bool both(bool a, bool b) { return a && b; }
DYNAMICPO_HD constexpr bool either(bool a, bool b) { return a || b; }

/// The sum of all, in an order that their number alone decides: halves are added up, down to one. `all` is overwritten.
template <class T, std::size_t Count>
DYNAMICPO_INLINE T sum_by_halves(T (&all)[Count]) {
  unrolled<std::bit_width(Count) - 1>([&](auto step) __attribute__((always_inline)) {
    constexpr std::size_t kept = Count >> (step + 1);
    unrolled<kept>([&](auto i) __attribute__((always_inline)) { all[i] = all[i] + all[i + kept]; });
  });
  return all[0];
}
/// Over the lanes, in that order.
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE T sum_of_lanes(const lanes<T, Count, Bytes>& x) {
  T all[Count];
  x.store(all);
  return sum_by_halves(all);
}
template <class T, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE T least_of_lanes(const lanes<T, Count, Bytes>& x) {
  T all[Count];
  x.store(all);
  unrolled<std::bit_width(Count) - 1>([&](auto step) __attribute__((always_inline)) {
    constexpr std::size_t kept = Count >> (step + 1);
    unrolled<kept>([&](auto i)
                       __attribute__((always_inline)) { all[i] = all[i + kept] < all[i] ? all[i + kept] : all[i]; });
  });
  return all[0];
}

#undef DYNAMICPO_EACH_PART
#undef DYNAMICPO_PART
#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
