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

/// 16 bytes, each number times `factor`, to an address that is a multiple of that: what any x86-64 can, whatever the
/// code around it is compiled for.
template <class T>
DYNAMICPO_INLINE void store_past_caches(const T* from, T factor, T* to) {
#if defined(__CUDACC__)
  for (std::size_t i = 0; i < 16 / sizeof(T); ++i) { to[i] = from[i] * factor; }
#else
  typedef float block __attribute__((vector_size(16), may_alias));  // NOLINT(modernize-use-using): an attribute
  typedef T numbers __attribute__((vector_size(16)));               // NOLINT(modernize-use-using)
  numbers read;
  load_from(from, read);
  const block taken = reinterpret_cast<block>(read * factor);
#if defined(__clang__)
  __builtin_nontemporal_store(taken, reinterpret_cast<block*>(to));
#elif defined(__x86_64__) && defined(__GNUC__)
  __builtin_ia32_movntps(reinterpret_cast<float*>(to), taken);
#else
  store_to(to, taken);
#endif
#endif
}

/// A whole line, to an address that is a multiple of 64; of registers that wide alone.
template <class Line, class T>
DYNAMICPO_INLINE void store_line_past_caches(const Line& line, T* to) {
  static_assert(sizeof(Line) == 64);
#if defined(__clang__) && !defined(__CUDACC__)
  __builtin_nontemporal_store(line, reinterpret_cast<Line*>(to));
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__CUDACC__)
  // As what it is: the built-in of that name is not known where the code around is compiled for less.
  __asm__ volatile("{vmovntps %1, %0|vmovntps %0, %1}" : "=m"(*reinterpret_cast<anywhere<Line>*>(to)) : "v"(line));
#else
  store_to(to, line);
#endif
}

/// Before another thread may be told of what was stored past the caches.
inline void finish_streams() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__CUDACC__)
  __builtin_ia32_sfence();
#elif defined(__clang__)
  __sync_synchronize();
#endif
}

/// n numbers of `from` times `factor` to `to`, whole lines of 64 bytes past the caches.
template <class T>
DYNAMICPO_INLINE void stream_scaled(const T* from, T factor, std::size_t n, T* to) {
  constexpr std::size_t line = 64 / sizeof(T), block = 16 / sizeof(T);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(to) % 64 / sizeof(T);
  const std::size_t head = std::min(n, past == 0 ? 0 : line - past);
  std::size_t i = 0;
  for (; i < head; ++i) { to[i] = from[i] * factor; }
  for (; i + line <= n; i += line) {
    for (std::size_t part = i; part < i + line; part += block) { store_past_caches(from + part, factor, to + part); }
  }
  for (; i < n; ++i) { to[i] = from[i] * factor; }
}
/// The numbers themselves.
template <class T>
DYNAMICPO_INLINE void stream_copy(const T* from, std::size_t n, T* to) {
  stream_scaled(from, T(1), n, to);
}

/// The same of one number.
template <class T>
DYNAMICPO_INLINE void stream_fill(T value, std::size_t n, T* to) {
  constexpr std::size_t line = 64 / sizeof(T);
  T same[line];
  std::fill_n(same, line, value);
  const std::size_t past = reinterpret_cast<std::uintptr_t>(to) % 64 / sizeof(T);
  std::size_t i = std::min(n, past == 0 ? 0 : line - past);
  std::fill_n(to, i, value);
  for (; i + line <= n; i += line) { stream_copy(same, line, to + i); }
  std::fill_n(to + i, n - i, value);
}

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
