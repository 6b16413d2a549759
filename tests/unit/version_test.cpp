// SPDX-License-Identifier: MIT
#include "dynamicpo/version.hpp"

#include <string>

#include "support/catch.hpp"

TEST_CASE("the version's numbers and its string agree") {
  const std::string numbers = std::to_string(dynamicpo::version_major) + "." +
                              std::to_string(dynamicpo::version_minor) + "." + std::to_string(dynamicpo::version_patch);
  REQUIRE(numbers == dynamicpo::version);
}
