// SPDX-License-Identifier: MIT
#pragma once

using __half = _Float16;  // NOLINT: the name is CUDA's
