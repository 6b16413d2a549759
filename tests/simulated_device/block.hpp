// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

/// Blocks of threads on the host: one block after another, its threads by turns, each until it waits for others. For
/// one thread of the host at a time.
namespace simulated_device {

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_ = 1) : x{x_} {}  // NOLINT(google-explicit-constructor): as CUDA's
};

/// Shared memory that a launch may ask for, as on devices that were not asked for more.
inline constexpr std::size_t most_launched_memory = 48 * 1024;

/// work(), by each of `threads` threads of each of `blocks` blocks, which have `shared_bytes` of launched memory. What a
/// thread throws ends the program.
void run(unsigned blocks, unsigned threads, std::size_t shared_bytes, const std::function<void()>& work);

/// Waits for all threads of the block that have not ended. Returns how many of them gave true.
unsigned wait_for_block(bool truth);

/// Numbers of a warp's threads, from one to all that `mask` names.
class warp_words {
 public:
  /// Waits for all of `mask`, which the calling thread is of.
  warp_words(unsigned mask, std::uint64_t own);
  std::uint64_t of(unsigned lane) const { return words_[lane]; }

 private:
  const std::uint64_t* words_;
};

}  // namespace simulated_device

// NOLINTBEGIN: the names are CUDA's.

using simulated_device::dim3;
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

inline void __syncthreads() { simulated_device::wait_for_block(false); }
inline int __syncthreads_or(int truth) { return simulated_device::wait_for_block(truth != 0) != 0 ? 1 : 0; }
inline void __syncwarp(unsigned mask) { simulated_device::warp_words(mask, 0); }
inline void __threadfence() {}
inline int __popc(unsigned bits) { return std::popcount(bits); }

/// What it was. By bytes: it may be a number of another type and the same size.
template <class T>
T atomicAdd(T* to, T more) {
  T before;
  std::memcpy(&before, to, sizeof(T));
  more += before;
  std::memcpy(to, &more, sizeof(T));
  return before;
}

namespace simulated_device {

/// `x` of the lane that a thread asks for.
template <class T>
T from_lane(unsigned mask, const T& x, unsigned lane) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t word = 0;
  std::memcpy(&word, &x, sizeof(T));
  word = warp_words(mask, word).of(lane);
  T found;
  std::memcpy(&found, &word, sizeof(T));
  return found;
}

}  // namespace simulated_device

inline unsigned __ballot_sync(unsigned mask, bool truth) {
  const simulated_device::warp_words words(mask, truth ? 1 : 0);
  unsigned all = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1u) != 0) { all |= static_cast<unsigned>(words.of(lane)) << lane; }
  }
  return all;
}
template <class T>
T __shfl_sync(unsigned mask, T x, int lane, int width = 32) {
  const auto size = static_cast<unsigned>(width), own = threadIdx.x % 32;
  return simulated_device::from_lane(mask, x, own / size * size + static_cast<unsigned>(lane) % size);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T x, int bits, int width = 32) {
  const unsigned own = threadIdx.x % 32, other = own ^ static_cast<unsigned>(bits);
  const auto size = static_cast<unsigned>(width);
  return simulated_device::from_lane(mask, x, other / size == own / size ? other : own);
}
template <class T>
T __shfl_up_sync(unsigned mask, T x, unsigned by, int width = 32) {
  const unsigned own = threadIdx.x % 32;
  return simulated_device::from_lane(mask, x, own % static_cast<unsigned>(width) >= by ? own - by : own);
}

// NOLINTEND
