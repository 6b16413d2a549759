// SPDX-License-Identifier: MIT
#pragma once

/// The two macros of the library. Both are always defined.
///
/// DYNAMICPO_HD marks what may run on the host and on a CUDA device; it is empty without nvcc.
/// DYNAMICPO_ASSERT(condition) states an internal invariant; it is checked only when NDEBUG is absent.

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
