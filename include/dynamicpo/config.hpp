// SPDX-License-Identifier: MIT
#pragma once

/// The macros of the library.
///
/// DYNAMICPO_HD marks what may run on the host and on a CUDA device; it is empty without nvcc.
/// DYNAMICPO_ASSERT(condition) states an internal invariant; it is checked only when NDEBUG is absent.
/// DYNAMICPO_INLINE marks what is inlined whatever its size: the code around it decides for which processor it
/// compiles. DYNAMICPO_FLATTEN marks functions whose calls all are. Compiled for one processor, sanitizers go without:
/// they would keep the compiler busy for minutes. DYNAMICPO_DISPATCH is defined where programs choose AVX2 as they run
/// (x86-64, compiled without it); define DYNAMICPO_NO_DISPATCH to compile for the target alone, in about two thirds of
/// the time.

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__AVX2__) && !defined(DYNAMICPO_NO_DISPATCH)
#define DYNAMICPO_DISPATCH
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DYNAMICPO_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DYNAMICPO_SANITIZED
#endif
#endif
#if defined(DYNAMICPO_SANITIZED) && !defined(DYNAMICPO_DISPATCH)
#define DYNAMICPO_INLINE inline
#define DYNAMICPO_FLATTEN
#else
#define DYNAMICPO_INLINE [[gnu::always_inline]] inline
#define DYNAMICPO_FLATTEN [[gnu::flatten]]
#endif
#undef DYNAMICPO_SANITIZED

#if defined(__CUDACC__)
#define DYNAMICPO_HD __host__ __device__
#else
#define DYNAMICPO_HD
#endif

#if defined(NDEBUG)
#define DYNAMICPO_ASSERT(condition) static_cast<void>(0)
#else
#include <cassert>
#define DYNAMICPO_ASSERT(condition) assert(condition)
#endif
