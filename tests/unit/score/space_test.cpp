// SPDX-License-Identifier: MIT
#include "dynamicpo/score/space.hpp"

#include <type_traits>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/exec/threads.hpp"
#include "dynamicpo/score/scores.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("the memory space is part of a view's type, host unless said") {
  using host_view = po::scores<float>;
  using device_view = po::scores<float, po::space::device>;
  STATIC_REQUIRE(std::is_same_v<host_view::space_type, po::space::host>);
  STATIC_REQUIRE(std::is_same_v<device_view::space_type, po::space::device>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<host_view, device_view>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<device_view, host_view>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<po::scores<const float>, device_view>);
}

TEST_CASE("the policies of the host run on host memory") {
  STATIC_REQUIRE(std::is_same_v<po::exec::sequential::space_type, po::space::host>);
  STATIC_REQUIRE(std::is_same_v<po::exec::threads::space_type, po::space::host>);
}
