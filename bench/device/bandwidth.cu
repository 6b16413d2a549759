// SPDX-License-Identifier: MIT
// The device kernels against a copy of the same bytes, both timed by events in one run.
//   bench_device_bandwidth [gigabytes a case, default 1]
// One line a case: type, K, pipeline, share of rows with violators, rows, microseconds a call (median), bandwidth, share
// of the copy's. Small batches are compared with an empty kernel.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <cuda_bf16.h>

#include "dynamicpo/evaluate.cuh"
#include "dynamicpo/objective/dmpo.hpp"

namespace {

namespace po = dynamicpo;
using po::detail::check_cuda;

template <class T>
class memory {
 public:
  explicit memory(po::index size) : size_{size} {
    check_cuda("cudaMalloc", cudaMalloc(&data_, static_cast<std::size_t>(size) * sizeof(T)));
  }
  memory(const memory&) = delete;
  ~memory() { cudaFree(data_); }
  po::device_span<T> span() const { return {data_, size_}; }
  po::device_span<const T> cspan() const { return {data_, size_}; }

 private:
  T* data_ = nullptr;
  po::index size_;
};

/// A number in [0, 1) for each (row, slot).
__device__ float draw(po::index at, unsigned stream) {
  unsigned x = static_cast<unsigned>(at) * 2654435761u ^ stream * 0x9e3779b9u;
  x = (x ^ x >> 16) * 0x85ebca6bu;
  x = (x ^ x >> 13) * 0xc2b2ae35u;
  return static_cast<float>(x >> 8) * 0x1p-24f;
}

/// Rejected in [-12, -2); of `violated` in 100 rows the chosen is below the best of them, of the others above.
template <class T>
__global__ void fill(T* chosen, T* rejected, po::index rows, po::index negatives, unsigned violated, unsigned stream) {
  const po::index step = static_cast<po::index>(gridDim.x) * blockDim.x;
  for (po::index i = static_cast<po::index>(blockIdx.x) * blockDim.x + threadIdx.x; i < rows * negatives; i += step) {
    rejected[i] = static_cast<T>(-12.0f + 10.0f * draw(i, stream));
    if (i < rows) { chosen[i] = static_cast<T>(draw(i, stream + 1) * 100.0f < static_cast<float>(violated) ? -10.0f : 1.0f); }
  }
}

__global__ void nothing() {}

/// Median microseconds of a call, of 21, after one to warm up.
template <class Call>
double microseconds(cudaStream_t stream, const Call& call) {
  cudaEvent_t before = nullptr, after = nullptr;
  check_cuda("cudaEventCreate", cudaEventCreate(&before));
  check_cuda("cudaEventCreate", cudaEventCreate(&after));
  std::vector<float> taken;
  for (int run = 0; run < 22; ++run) {
    check_cuda("cudaEventRecord", cudaEventRecord(before, stream));
    call();
    check_cuda("cudaEventRecord", cudaEventRecord(after, stream));
    check_cuda("cudaEventSynchronize", cudaEventSynchronize(after));
    float milliseconds = 0;
    check_cuda("cudaEventElapsedTime", cudaEventElapsedTime(&milliseconds, before, after));
    if (run > 0) { taken.push_back(milliseconds); }
  }
  cudaEventDestroy(before);
  cudaEventDestroy(after);
  std::nth_element(taken.begin(), taken.begin() + 10, taken.end());
  return 1000.0 * static_cast<double>(taken[10]);
}

template <class T>
struct batch {
  po::index rows, negatives;
  memory<T> chosen{rows}, rejected{rows * negatives}, frozen_chosen{rows}, frozen_rejected{rows * negatives},
      gradient_chosen{rows}, gradient_rejected{rows * negatives};

  /// Read twice and written once.
  double bytes() const { return 3.0 * static_cast<double>(rows * (negatives + 1)) * sizeof(T); }
};

template <class T, class Pipeline>
void measure(cudaStream_t stream, const char* type, const char* name, const Pipeline& pipeline, const batch<T>& of,
             unsigned violated) {
  fill<<<1024, 256, 0, stream>>>(of.chosen.span().data(), of.rejected.span().data(), of.rows, of.negatives, violated, 1u);
  fill<<<1024, 256, 0, stream>>>(of.frozen_chosen.span().data(), of.frozen_rejected.span().data(), of.rows, of.negatives,
                                 violated, 2u);
  po::exec::cuda_workspace workspace;
  workspace.reserve(of.rows, of.negatives);
  const po::exec::cuda_stream exec{stream, &workspace};
  const auto policy = po::view(of.chosen.cspan(), of.rejected.cspan());
  const auto reference = po::view(of.frozen_chosen.cspan(), of.frozen_rejected.cspan());
  const po::outputs<T, po::space::device> out{.gradient = po::view(of.gradient_chosen.span(), of.gradient_rejected.span())};
  const double ours = microseconds(stream, [&] { po::loss_and_gradient(exec, pipeline, policy, reference, out); });
  // As many bytes in all, half of them read and half written.
  const auto half = static_cast<std::size_t>(of.bytes() / 2);
  memory<unsigned char> from(static_cast<po::index>(half)), to(static_cast<po::index>(half));
  const double copy = microseconds(stream, [&] {
    cudaMemcpyAsync(to.span().data(), from.span().data(), half, cudaMemcpyDeviceToDevice, stream);
  });
  const double empty = microseconds(stream, [&] { nothing<<<1, 32, 0, stream>>>(); });
  std::printf("%-8s K %6td %-12s violators %3u %%  rows %10td  %10.1f us  %7.1f GB/s  %5.1f %% of copy  %6.1f x empty\n", type,
              of.negatives, name, violated, of.rows, ours, of.bytes() / ours / 1e3, 100 * copy / ours, ours / empty);
}

template <class T>
void measure_all(cudaStream_t stream, const char* type, double bytes) {
  for (const po::index k : {1, 5, 15, 19, 32, 64, 256, 1024, 16384}) {
    const auto most = static_cast<po::index>(bytes / 3.0 / static_cast<double>(sizeof(T)) / static_cast<double>(k + 1));
    for (const po::index rows : {po::index{256}, po::index{1000}, po::index{100000}, po::index{10000000}, most}) {
      if (rows > most || (rows == most && most < 256)) { continue; }
      const batch<T> of{rows, k};
      if constexpr (sizeof(T) == sizeof(float)) {
        measure(stream, type, "DMPO", po::vanilla(po::objective::dmpo), of, 0);
      }
      for (const unsigned violated : {0u, 50u, 100u}) {
        measure(stream, type, "dynamic DMPO", po::dynamic(po::objective::dmpo), of, violated);
      }
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("no CUDA device\n");
    return 77;
  }
  const double bytes = (count > 1 ? std::atof(arguments[1]) : 1.0) * 1e9;
  cudaDeviceProp device;
  int driver = 0, runtime = 0;
  check_cuda("cudaGetDeviceProperties", cudaGetDeviceProperties(&device, 0));
  check_cuda("cudaDriverGetVersion", cudaDriverGetVersion(&driver));
  check_cuda("cudaRuntimeGetVersion", cudaRuntimeGetVersion(&runtime));
  std::printf("%s, driver %d, runtime %d\n", device.name, driver, runtime);
  cudaStream_t stream = nullptr;
  check_cuda("cudaStreamCreate", cudaStreamCreate(&stream));
  measure_all<float>(stream, "float", bytes);
  measure_all<__nv_bfloat16>(stream, "bfloat16", bytes);
  cudaStreamDestroy(stream);
  return 0;
}
