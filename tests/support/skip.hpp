// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>

namespace test_support {

/// CTest reports the test that prints this line as skipped, with the reason in its log. Return from the test after it.
inline void skip(const char* reason) {
  std::printf("SKIPPED: %s\n", reason);
  std::fflush(stdout);
}

}  // namespace test_support
