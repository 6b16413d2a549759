// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <cuda_runtime.h>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/thread_group.hpp"

/// Groups of threads of a device (detail/thread_group.hpp).
namespace dynamicpo::inline v1::detail {

template <class T>
__device__ inline T sum_of(const T& a, const T& b) {
  return a + b;
}
template <class T>
__device__ inline T lesser(const T& a, const T& b) {
  return b < a ? b : a;
}
template <class T>
__device__ inline T greater(const T& a, const T& b) {
  return a < b ? b : a;
}

/// Shared memory of a block, as much as its launch says.
#if defined(__CUDACC__)
alignas(16) extern __shared__ std::byte launched_memory[];
#else  // a simulated device has it
alignas(16) extern std::byte launched_memory[];
#endif

/// What each thread holds of a row is its own number.
struct own_numbers {
  template <class T>
  using of = T;
  template <class T>
  __device__ static T get(const T& x, unsigned) {
    return x;
  }
  template <class T>
  __device__ static void set(T& x, unsigned, const T& value) {
    x = value;
  }
};

/// Threads [n Size, (n + 1) Size) of a warp.
template <unsigned Size>
class warp_group : public own_numbers {
 public:
  static constexpr unsigned size = Size;
  static_assert(Size <= 32 && (Size & (Size - 1)) == 0);

  /// By threads whose x-coordinates are their numbers in the block.
  __device__ warp_group()
      : rank_{threadIdx.x % Size}, mask_{(Size == 32 ? ~0u : (1u << Size % 32) - 1u) << (threadIdx.x % 32 / Size * Size)} {}

  template <class Work>
  __device__ void each(const Work& work) const {
    work(rank_);
  }
  template <class T>
  __device__ T rank() const {
    return static_cast<T>(rank_);
  }
  template <class T>
  __device__ bool bit(unsigned b) const {
    return (rank_ & b) != 0;
  }
  template <class T>
  __device__ T exchange(const T& x, unsigned b) const {
    return __shfl_xor_sync(mask_, x, static_cast<int>(b), static_cast<int>(Size));
  }
  template <class T>
  __device__ T next_up(const T& x, const T& first) const {
    const T below = __shfl_up_sync(mask_, x, 1, static_cast<int>(Size));
    return rank_ == 0 ? first : below;
  }
  template <class T>
  __device__ T at(const T& x, unsigned rank) const {
    return __shfl_sync(mask_, x, static_cast<int>(rank), static_cast<int>(Size));
  }
  template <class T>
  __device__ T sum(const T& x) const {
    return crosswise(x, sum_of<T>);
  }
  template <class T>
  __device__ T least(const T& x) const {
    return crosswise(x, lesser<T>);
  }
  template <class T>
  __device__ T most(const T& x) const {
    return crosswise(x, greater<T>);
  }
  __device__ bool any(bool truth) const { return (__ballot_sync(mask_, truth) & mask_) != 0; }
  __device__ bool all(bool truth) const { return !any(!truth); }
  __device__ void sync() const { __syncwarp(mask_); }

 private:
  template <class T, class Join>
  __device__ T crosswise(T x, const Join& join) const {
    for (unsigned b = Size / 2; b > 0; b /= 2) { x = join(x, exchange(x, b)); }
    return x;
  }

  unsigned rank_, mask_;
};

/// All threads of a block of `Size`. `room`: shared memory for one double a warp and one more.
template <unsigned Size>
class block_group : public own_numbers {
 public:
  static constexpr unsigned size = Size, warps = Size / 32;
  static_assert(Size % 32 == 0 && Size <= 1024 && (Size & (Size - 1)) == 0);

  __device__ explicit block_group(double* room) : room_{room} {}

  template <class Work>
  __device__ void each(const Work& work) const {
    work(threadIdx.x);
  }
  template <class T>
  __device__ T rank() const {
    return static_cast<T>(threadIdx.x);
  }
  template <class T>
  __device__ T at(const T& x, unsigned rank) const {
    sync();
    if (threadIdx.x == rank) { room_[warps] = static_cast<double>(x); }
    sync();
    return static_cast<T>(room_[warps]);
  }
  template <class T>
  __device__ T sum(const T& x) const {
    return joined(warp_.sum(x), sum_of<T>);
  }
  template <class T>
  __device__ T least(const T& x) const {
    return joined(warp_.least(x), lesser<T>);
  }
  template <class T>
  __device__ T most(const T& x) const {
    return joined(warp_.most(x), greater<T>);
  }
  __device__ bool any(bool truth) const { return __syncthreads_or(truth ? 1 : 0) != 0; }
  __device__ bool all(bool truth) const { return !any(!truth); }
  __device__ void sync() const { __syncthreads(); }

 private:
  // Of the warps' answers, in their order.
  template <class T, class Join>
  __device__ T joined(const T& of_warp, const Join& join) const {
    sync();
    if (threadIdx.x % 32 == 0) { room_[threadIdx.x / 32] = static_cast<double>(of_warp); }
    sync();
    T found = static_cast<T>(room_[0]);
    for (unsigned w = 1; w < warps; ++w) { found = join(found, static_cast<T>(room_[w])); }
    return found;
  }

  warp_group<32> warp_;
  double* room_;
};

}  // namespace dynamicpo::inline v1::detail
