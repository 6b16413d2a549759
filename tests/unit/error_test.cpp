// SPDX-License-Identifier: MIT
#include "dynamicpo/error.hpp"

#include <stdexcept>
#include <type_traits>

#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("shapes as text: dense with both extents, ragged with the total") {
  REQUIRE(po::detail::shape_text(4, 3, false) == "[4] + [4, 3]");
  REQUIRE(po::detail::shape_text(4, 17, true) == "[4] + ragged(17)");
  REQUIRE(po::detail::shape_text(0, 0, false) == "[0] + [0, 0]");
}

TEST_CASE("a wrong argument is std::invalid_argument that says where and what") {
  REQUIRE_THROWS_AS(po::detail::throw_invalid("loss", "policy is small"), std::invalid_argument);
  REQUIRE_THROWS_WITH(po::detail::throw_invalid("loss", "policy is small"), "dynamicpo::loss: policy is small");
}

TEST_CASE("indices are signed") { STATIC_REQUIRE(std::is_signed_v<po::index>); }
