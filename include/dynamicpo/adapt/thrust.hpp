// SPDX-License-Identifier: MIT
#pragma once

#include <thrust/device_vector.h>
#include <thrust/host_vector.h>

#include "dynamicpo/score/access.hpp"

namespace dynamicpo::inline v1 {

/// Thrust's vectors as scores, as inputs and as outputs. A host_vector is host memory; a device_vector that of the
/// device system the program is compiled for (THRUST_DEVICE_SYSTEM): space::device under CUDA, else space::host.
template <class T, class Allocator>
struct score_access<::thrust::host_vector<T, Allocator>> {
  template <class X>
  static auto vector(X& x) {
    return strided_span{::thrust::raw_pointer_cast(x.data()), static_cast<index>(x.size()), index{1}};
  }
};

template <class T, class Allocator>
struct score_access<::thrust::device_vector<T, Allocator>> : score_access<::thrust::host_vector<T>> {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
  using space_type = space::device;
#endif
};

}  // namespace dynamicpo::inline v1
