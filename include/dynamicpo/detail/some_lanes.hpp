// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// Some numbers of a register to memory, a bit each: the others are not written, so that they may be anything, other
/// threads' or none.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

#if defined(__AVX512F__) && defined(__AVX512VL__) && !defined(__CUDACC__)
/// Whether registers, or blocks of 16 bytes, can be stored so.
template <class Vector>
inline constexpr bool stores_some = sizeof(Vector) == 64 || sizeof(Vector) == 16;

#if defined(__clang__)
#define DYNAMICPO_AT(to) reinterpret_cast<Vector*>(to)
#else
#define DYNAMICPO_AT(to) (to)
#endif
/// to[i] = from[i] where bit i of `bits` is set.
template <class Vector>
DYNAMICPO_INLINE void store_some(float* to, std::uint64_t bits, const Vector& from) {
  static_assert(stores_some<Vector>);
  if constexpr (sizeof(Vector) == 64) {
    __builtin_ia32_storeups512_mask(to, from, static_cast<std::uint16_t>(bits));
  } else {
    __builtin_ia32_storeups128_mask(DYNAMICPO_AT(to), from, static_cast<std::uint8_t>(bits));
  }
}
template <class Vector>
DYNAMICPO_INLINE void store_some(double* to, std::uint64_t bits, const Vector& from) {
  static_assert(stores_some<Vector>);
  if constexpr (sizeof(Vector) == 64) {
    __builtin_ia32_storeupd512_mask(to, from, static_cast<std::uint8_t>(bits));
  } else {
    __builtin_ia32_storeupd128_mask(DYNAMICPO_AT(to), from, static_cast<std::uint8_t>(bits));
  }
}
#undef DYNAMICPO_AT
/// to[i] = from[i] where bit i of `bits` is set, of registers of 64 bytes.
template <class Vector>
DYNAMICPO_INLINE void take_some(std::uint64_t bits, const Vector& from, Vector& to) {
  static_assert(sizeof(Vector) == 64);
#if defined(__clang__)
  if constexpr (sizeof(to[0]) == 4) {
    to = __builtin_ia32_selectps_512(static_cast<std::uint16_t>(bits), from, to);
  } else {
    to = __builtin_ia32_selectpd_512(static_cast<std::uint8_t>(bits), from, to);
  }
#else
  if constexpr (sizeof(to[0]) == 4) {
    to = __builtin_ia32_blendmps_512_mask(to, from, static_cast<std::uint16_t>(bits));
  } else {
    to = __builtin_ia32_blendmpd_512_mask(to, from, static_cast<std::uint8_t>(bits));
  }
#endif
}
#else
template <class Vector>
inline constexpr bool stores_some = false;
template <class T, class Vector>
void store_some(T*, std::uint64_t, const Vector&) = delete;
template <class Vector>
void take_some(std::uint64_t, const Vector&, Vector&) = delete;
#endif

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
