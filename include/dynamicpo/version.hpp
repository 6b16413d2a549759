// SPDX-License-Identifier: MIT
#pragma once

namespace dynamicpo::inline v1 {

/// Version of the library, semantic versioning. The build reads the string; the numbers agree with it.
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr char version[] = "0.1.0";

}  // namespace dynamicpo::inline v1
