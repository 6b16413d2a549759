// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <type_traits>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// Which registers this processor has. Code over `lanes` is compiled once for each width that the compiler's target
/// leaves open, and the widest that the processor has is run: a program built without -march uses AVX2 where there is
/// AVX2. Without fused multiply-add, so that the bits do not depend on the choice.
namespace dynamicpo::inline v1::detail {

/// Bytes of the registers that this translation unit is compiled for.
#if defined(__AVX512F__)
inline constexpr std::size_t target_bytes = 64;
#elif defined(__AVX2__)
inline constexpr std::size_t target_bytes = 32;
#else
inline constexpr std::size_t target_bytes = 16;
#endif

template <std::size_t Bytes>
using register_bytes = std::integral_constant<std::size_t, Bytes>;

#if defined(DYNAMICPO_DISPATCH)
template <class Work>
DYNAMICPO_FLATTEN [[gnu::target("avx2"), gnu::noinline]] void run_with_avx2(const Work& work) {
  work(register_bytes<32>{});
}
inline bool has_avx2() {
  static const bool has = (__builtin_cpu_init(), __builtin_cpu_supports("avx2"));
  return has;
}
#endif

template <class Work>
DYNAMICPO_FLATTEN [[gnu::noinline]] void run_as_compiled(const Work& work) {
  work(register_bytes<target_bytes>{});
}

/// work(register_bytes<N>{}), compiled for the N that it is given: everything it calls is inlined, but for what is
/// marked noinline.
template <class Work>
void run_on_this_processor(const Work& work) {
#if defined(DYNAMICPO_DISPATCH)
  if (has_avx2()) { return run_with_avx2(work); }
#endif
  run_as_compiled(work);
}

/// The same for a part of such work that is compiled once for all who need it.
template <std::size_t Bytes, class Work>
DYNAMICPO_INLINE void run_apart(const Work& work) {
#if defined(DYNAMICPO_DISPATCH)
  if constexpr (Bytes == 32) { return run_with_avx2(work); }
#endif
  run_as_compiled(work);
}

}  // namespace dynamicpo::inline v1::detail
