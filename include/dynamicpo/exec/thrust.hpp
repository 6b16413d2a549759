// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <thread>
#include <type_traits>

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/cpp/execution_policy.h>

#include "dynamicpo/exec/block_queue.hpp"
#include "dynamicpo/exec/policy.hpp"

namespace dynamicpo::inline v1 {
namespace detail {

using thrust_seq = std::remove_cvref_t<decltype(::thrust::seq)>;

/// The host systems of Thrust all stand on its C++ one.
template <class Policy>
concept thrust_host_policy =
    std::same_as<Policy, thrust_seq> || std::derived_from<Policy, ::thrust::cpp::execution_policy<Policy>>;

}  // namespace detail

namespace exec {

/// Where a Thrust policy of a host system runs; made by `exec::thrust`: on as many lanes as there are processors, at
/// most one a block; each lane is one call of the system's for_each and takes blocks as it gets through them. How many
/// lanes run at a time is the system's affair. Bit-identical to `seq`. An exception of a block stops the rest and is
/// rethrown.
template <detail::thrust_host_policy Policy>
struct on_thrust {
  using space_type = space::host;
  Policy policy;

  static index lanes(index blocks) {
    static const index processors = std::max(1u, std::thread::hardware_concurrency());
    return std::clamp<index>(blocks, 1, processors);
  }

  template <class Work>
  void for_each_block(index blocks, Work&& work) const {
    const index used = lanes(blocks);
    detail::block_queue queue{blocks, used};
    ::thrust::for_each_n(policy, ::thrust::counting_iterator<index>(0), used,
                         [&](index lane) { queue.drain(lane, work); });
    queue.rethrow();
  }
};

/// Rows on a system of Thrust: `thrust::seq`, `thrust::cpp::par`, `thrust::omp::par`, `thrust::tbb::par` (include the
/// system's execution_policy.h and link what it needs) over host memory. `thrust::cuda::par`: exec/thrust.cuh.
template <detail::thrust_host_policy Policy>
constexpr on_thrust<Policy> thrust(const Policy& policy) {
  return {policy};
}

}  // namespace exec
}  // namespace dynamicpo::inline v1
