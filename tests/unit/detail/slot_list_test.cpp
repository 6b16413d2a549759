// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/slot_list.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

TEMPLATE_TEST_CASE("bits_of_lanes has one bit for each lane", "", std::int32_t, std::int64_t) {
  using truth = detail::lanes<TestType, 128 / sizeof(TestType), 32>;
  for (std::size_t set = 0; set <= truth::count; ++set) {
    TestType lane[truth::count] = {};
    if (set < truth::count) { lane[set] = -1; }
    REQUIRE(detail::bits_of_lanes(truth::load(lane)) == (set < truth::count ? std::uint32_t{1} << set : 0));
  }
}

TEMPLATE_TEST_CASE("list_reaching lists in order what is not below, and writes no further than it may", "", float,
                   double) {
  dynamicpo::sample::philox_engine random{3};
  for (std::size_t size = 0; size <= 200; ++size) {
    for (const std::uint32_t levels : {1u, 2u, 7u}) {  // all, half, some
      std::vector<TestType> values(size);
      for (TestType& value : values) { value = static_cast<TestType>(random.below(levels)); }
      const auto least = static_cast<TestType>(levels - 1);
      if (size > 5 && levels > 1) { values[size - 3] = std::numeric_limits<TestType>::quiet_NaN(); }  // nor is this
      std::vector<std::int32_t> expected;
      for (std::size_t i = 0; i < size; ++i) {
        if (!(values[i] < least)) { expected.push_back(static_cast<std::int32_t>(i)); }
      }
      std::vector<std::int32_t> places(size + 1, -7);
      const std::size_t number = detail::list_reaching(std::span<const TestType>(values), least, places.data());
      CAPTURE(size, levels);
      REQUIRE(places.back() == -7);
      places.resize(number);
      REQUIRE(places == expected);
    }
  }
}
