// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include <thrust/system/cuda/execution_policy.h>

#include "dynamicpo/exec/cuda.cuh"

namespace dynamicpo::inline v1::exec {

/// `thrust::cuda::par.on(stream)`, or `thrust::cuda::par` for the default stream: the same as `cuda_stream`, whose calls
/// do not wait as Thrust's do.
template <class Policy>
  requires std::derived_from<Policy, ::thrust::cuda_cub::execution_policy<Policy>>
cuda_stream thrust(Policy policy, cuda_workspace* workspace = nullptr) {
  return {::thrust::cuda_cub::stream(policy), workspace};
}

}  // namespace dynamicpo::inline v1::exec
