// SPDX-License-Identifier: MIT
#pragma once

#include "simulated_device/storage.hpp"

using __nv_bfloat16 = simulated_device::upper_half;  // NOLINT: the name is CUDA's
