// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <utility>
#include <vector>

#include "simulated_device/block.hpp"

/// As much of CUDA's runtime as the library uses, on the host: stands in for the toolkit's header of this name, so that
/// kernels run, and their tests, where there is neither a GPU nor nvcc. Device memory is the heap; a call has happened
/// when it returns, unless its stream is being captured. Nothing here knows of races between threads or of speed.

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)

// NOLINTBEGIN: the names are CUDA's.

enum cudaError_t : int { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaStreamCaptureMode { cudaStreamCaptureModeGlobal };
inline constexpr unsigned cudaStreamNonBlocking = 1;

inline const char* cudaGetErrorString(cudaError_t code) {
  switch (code) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    default:
      return "invalid argument";
  }
}
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

namespace simulated_device {

using graph = std::vector<std::function<void()>>;

struct stream {
  graph* captured = nullptr;
};

/// Now, or when the graph runs that `on` is being captured for.
template <class Work>
void in_order_of(stream* on, Work work) {
  if (on != nullptr && on->captured != nullptr) {
    on->captured->push_back(std::move(work));
  } else {
    work();
  }
}

}  // namespace simulated_device

using cudaStream_t = simulated_device::stream*;
using cudaGraph_t = simulated_device::graph*;
using cudaGraphExec_t = simulated_device::graph*;

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* made, unsigned) {
  *made = new simulated_device::stream;
  return cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return stream != nullptr && stream->captured != nullptr ? cudaErrorInvalidValue : cudaSuccess;
}
inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->captured = new simulated_device::graph;
  return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = std::exchange(stream->captured, nullptr);
  return cudaSuccess;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* made, cudaGraph_t graph, unsigned long long) {
  *made = new simulated_device::graph(*graph);
  return cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  for (const auto& work : *graph) { simulated_device::in_order_of(stream, work); }
  return cudaSuccess;
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete graph;
  return cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

/// What is new holds no zeros, which a kernel might rely on by mistake.
template <class T>
cudaError_t cudaMalloc(T** made, std::size_t bytes) {
  constexpr std::size_t most = std::size_t{1} << 40;
  *made = bytes < most ? static_cast<T*>(::operator new (bytes, std::align_val_t{256}, std::nothrow)) : nullptr;
  if (*made == nullptr) { return cudaErrorMemoryAllocation; }
  std::memset(static_cast<void*>(*made), 0xa5, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaFree(void* memory) {
  ::operator delete (memory, std::align_val_t{256});
  return cudaSuccess;
}
template <class T>
cudaError_t cudaMallocAsync(T** made, std::size_t bytes, cudaStream_t) {
  return cudaMalloc(made, bytes);
}
inline cudaError_t cudaFreeAsync(void* memory, cudaStream_t) { return cudaFree(memory); }
inline cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  simulated_device::in_order_of(stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}
inline cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  return cudaMemsetAsync(to, value, bytes, nullptr);
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  simulated_device::in_order_of(stream, [=] {
    if (bytes > 0) { std::memcpy(to, from, bytes); }
  });
  return cudaSuccess;
}
inline cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, bytes, kind, nullptr);
}

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
  void* attrs = nullptr;
  unsigned numAttrs = 0;
};

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  if (config->gridDim.x == 0 || config->blockDim.x == 0 || config->blockDim.x > 1024 ||
      config->dynamicSmemBytes > simulated_device::most_launched_memory) {
    return cudaErrorInvalidValue;
  }
  simulated_device::in_order_of(config->stream, [blocks = config->gridDim.x, threads = config->blockDim.x,
                                                 shared_bytes = config->dynamicSmemBytes, kernel,
                                                 ... held = Parameters(std::forward<Arguments>(arguments))] {
    simulated_device::run(blocks, threads, shared_bytes, [&] { kernel(held...); });
  });
  return cudaSuccess;
}

// NOLINTEND
