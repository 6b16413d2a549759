// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include <cuda_runtime.h>

#include "dynamicpo/error.hpp"
#include "dynamicpo/exec/cuda_error.hpp"
#include "dynamicpo/exec/policy.hpp"

namespace dynamicpo::inline v1 {
namespace detail {

inline void check_cuda(const char* call, cudaError_t code) {
  if (code != cudaSuccess) { throw cuda_error(call, static_cast<int>(code), cudaGetErrorString(code)); }
}

/// At the beginning of a workspace lie a result and a counter that is 0 between calls: other memory begins behind.
inline constexpr std::size_t result_bytes = 512;

/// How many blocks of how many threads, with how much shared memory that the kernel does not declare itself.
struct launch_shape {
  index blocks;
  unsigned threads;
  std::size_t shared_bytes = 0;
};

/// kernel<<<blocks, threads, shared_bytes, stream>>>(arguments...), with an answer. A function: a compiler of the host
/// takes it too.
template <class... Parameters, class... Arguments>
void launch_kernel(cudaStream_t stream, const launch_shape& shape, void (*kernel)(Parameters...),
                   const Arguments&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(shape.blocks));
  config.blockDim = dim3(shape.threads);
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream;
  check_cuda("kernel launch", cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...));
}
template <class... Parameters, class... Arguments>
void launch_kernel(cudaStream_t stream, index blocks, unsigned threads, void (*kernel)(Parameters...),
                   const Arguments&... arguments) {
  launch_kernel(stream, launch_shape{blocks, threads}, kernel, arguments...);
}

}  // namespace detail

namespace exec {

/// Device memory that calls reuse: hand one workspace to successive calls on one stream, and none of them allocates
/// once it has seen batches as large. It holds the result of the last of them: `get` an earlier one before the next
/// call. Belongs to the device that is current when it grows. Its contents are the library's.
class cuda_workspace {
 public:
  cuda_workspace() = default;
  cuda_workspace(cuda_workspace&& other) noexcept { swap(other); }
  cuda_workspace& operator=(cuda_workspace&& other) noexcept {
    swap(other);
    return *this;
  }
  ~cuda_workspace() { cudaFree(memory_); }

  /// Room for calls with so many rows of up to so many negatives; grows, never shrinks, and waits for the device when
  /// it grows. Reserve before capturing a graph. \throws cuda_error.
  void reserve(index rows, index longest_row);
  /// The same in bytes.
  void reserve_bytes(std::size_t bytes) {
    if (bytes <= bytes_) { return; }
    detail::check_cuda("cudaFree", cudaFree(std::exchange(memory_, nullptr)));
    bytes_ = 0;
    detail::check_cuda("cudaMalloc", cudaMalloc(&memory_, bytes));
    detail::check_cuda("cudaMemset", cudaMemset(memory_, 0, bytes));
    bytes_ = bytes;
  }
  void* data() const noexcept { return memory_; }

 private:
  void swap(cuda_workspace& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
  }

  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

/// On the current CUDA device, in the order of `stream`: calls return at once with a result whose `get` waits. Include
/// dynamicpo/evaluate.cuh or dynamicpo/select_negatives.cuh for the calls. Without a workspace memory comes from the
/// stream's pool (cudaMallocAsync) and goes back with the result. With one, nothing is allocated and calls can be
/// captured in a graph.
struct cuda_stream {
  using space_type = space::device;
  /// Rows go to kernels, not to `for_each_block`.
  static constexpr bool takes_whole_batches = true;

  cudaStream_t stream = nullptr;
  cuda_workspace* workspace = nullptr;
};

}  // namespace exec
}  // namespace dynamicpo::inline v1
