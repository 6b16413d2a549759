// SPDX-License-Identifier: MIT
#include "dynamicpo/score/lasting_span.hpp"

#include <array>
#include <cstdint>
#include <list>
#include <span>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;

namespace {

// As the members of a view take it: by implicit conversion.
std::span<const std::int32_t> kept(po::lasting_span<std::int32_t> span) { return span; }

}  // namespace

TEST_CASE("lasting_span keeps the memory of named containers and of views") {
  std::vector<std::int32_t> numbers{1, 2, 3};
  const std::array<std::int32_t, 2> fixed{4, 5};
  std::int32_t plain[] = {6, 7, 8, 9};
  REQUIRE(kept(numbers).data() == numbers.data());
  REQUIRE(kept(numbers).size() == 3);
  REQUIRE(kept(fixed).data() == fixed.data());
  REQUIRE(kept(plain).size() == 4);
  REQUIRE(kept(std::span<std::int32_t>(numbers).subspan(1)).data() == numbers.data() + 1);
  REQUIRE(kept({plain + 1, 2})[1] == 8);
}

TEST_CASE("lasting_span takes what std::span takes: contiguous memory of the same type") {
  STATIC_REQUIRE(std::is_convertible_v<std::vector<std::int32_t>&, po::lasting_span<std::int32_t>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<po::lasting_span<std::int32_t>, std::vector<std::int64_t>&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<po::lasting_span<std::int32_t>, std::list<std::int32_t>&>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<po::lasting_span<std::uint8_t>>);
}
