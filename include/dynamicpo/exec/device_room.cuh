// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "dynamicpo/exec/cuda.cuh"

namespace dynamicpo::inline v1::detail {

/// Memory of one call, from the workspace or the stream's pool.
class device_room {
 public:
  device_room(const exec::cuda_stream& exec, std::size_t bytes) : stream_{exec.stream} {
    if (exec.workspace != nullptr) {
      exec.workspace->reserve_bytes(result_bytes + bytes);
      next_ = static_cast<std::byte*>(exec.workspace->data()) + result_bytes;
    } else if (bytes > 0) {
      check_cuda("cudaMallocAsync", cudaMallocAsync(&owned_, bytes, exec.stream));
      next_ = static_cast<std::byte*>(owned_);
    }
  }
  device_room(const device_room&) = delete;
  ~device_room() {
    if (owned_ != nullptr) { cudaFreeAsync(owned_, stream_); }
  }

  static constexpr std::size_t bytes_of(index count, std::size_t size) {
    return (static_cast<std::size_t>(count) * size + 255) / 256 * 256;
  }
  template <class T>
  T* take(index count) {
    auto* const taken = reinterpret_cast<T*>(next_);
    next_ += bytes_of(count, sizeof(T));
    return taken;
  }

 private:
  cudaStream_t stream_;
  void* owned_ = nullptr;
  std::byte* next_ = nullptr;
};

}  // namespace dynamicpo::inline v1::detail
