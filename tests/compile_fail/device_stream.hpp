// SPDX-License-Identifier: MIT
#pragma once

#include "dynamicpo/dynamicpo.hpp"

/// What exec::cuda_stream says of itself.
struct device_stream {
  using space_type = dynamicpo::space::device;
  static constexpr bool takes_whole_batches = true;
};
