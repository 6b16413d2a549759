// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dynamicpo/detail/lanes.hpp"

/// Stores that go to memory past the caches: a line that is overwritten as a whole need not be read first, a quarter of
/// what a + b -> c moves. For results larger than caches. Elsewhere than on x86-64 they are stores as any.
namespace dynamicpo::inline v1::detail {

/// Results from here on are larger than the caches of one core, and the part of a shared one that is its own.
inline constexpr std::size_t stream_bytes = std::size_t{1} << 24;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

/// To an address that is a multiple of the vector's size.
template <class Vector, class T>
DYNAMICPO_INLINE void store_past_caches(T* to, const Vector& from) {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__CUDACC__)
  // By name: a builtin would need its processor named around this function, which serves all.
  auto& place = *reinterpret_cast<anywhere<Vector>*>(to);
  if constexpr (sizeof(Vector) == 64) {
    asm("vmovntps %1, %0" : "=m"(place) : "v"(from));
  } else if constexpr (sizeof(Vector) == 32) {
    asm("vmovntps %1, %0" : "=m"(place) : "x"(from));
  } else {
    asm("movntps %1, %0" : "=m"(place) : "x"(from));
  }
#else
  store_to(to, from);
#endif
}

/// Before another thread may be told of what was stored past the caches.
inline void finish_streams() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__CUDACC__)
  __builtin_ia32_sfence();
#endif
}

/// Numbers 0 .. n - 1 of `from` to `to`, whole lines of 64 bytes past the caches, in registers of `Bytes`. `from` gives
/// a number, from[i], and a vector of them, from.load(i, vector).
template <std::size_t Bytes, class T, class Source>
DYNAMICPO_INLINE void stream_from(const Source& from, std::size_t n, T* to) {
  typedef T part __attribute__((vector_size(Bytes)));  // NOLINT(modernize-use-using): an attribute
  constexpr std::size_t line = 64 / sizeof(T), size = Bytes / sizeof(T);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(to) % 64 / sizeof(T);
  const std::size_t head = std::min(n, past == 0 ? 0 : line - past);
  std::size_t i = 0;
  for (; i < head; ++i) { to[i] = from[i]; }
  for (; i + line <= n; i += line) {
    unrolled<64 / Bytes>([&](auto p) {
      part numbers;
      from.load(i + p * size, numbers);
      store_past_caches(to + i + p * size, numbers);
    });
  }
  for (; i < n; ++i) { to[i] = from[i]; }
}

template <class T>
struct streamed_array {
  const T* data;
  DYNAMICPO_INLINE T operator[](std::size_t i) const { return data[i]; }
  template <class Part>
  DYNAMICPO_INLINE void load(std::size_t i, Part& part) const {
    load_from(data + i, part);
  }
};
template <class T>
struct streamed_number {
  T value;
  DYNAMICPO_INLINE T operator[](std::size_t) const { return value; }
  template <class Part>
  DYNAMICPO_INLINE void load(std::size_t, Part& part) const {
    part = Part{} + value;
  }
};

template <std::size_t Bytes, class T>
DYNAMICPO_INLINE void stream_copy(const T* from, std::size_t n, T* to) {
  stream_from<Bytes>(streamed_array<T>{from}, n, to);
}
template <std::size_t Bytes, class T>
DYNAMICPO_INLINE void stream_fill(T value, std::size_t n, T* to) {
  stream_from<Bytes>(streamed_number<T>{value}, n, to);
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
