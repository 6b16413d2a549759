// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/few_sorted.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

TEMPLATE_TEST_CASE("sort_few and extremes agree with the standard library", "", float, double) {
  dynamicpo::sample::philox_engine random{11};
  for (std::size_t size = 1; size <= 300; ++size) {
    for (const std::uint32_t levels : {1u, 5u, 1000000u}) {  // all equal, many duplicates, hardly any
      CAPTURE(size, levels);
      std::vector<TestType> values(size);
      for (TestType& value : values) { value = 2 - static_cast<TestType>(random.below(levels)); }
      const auto [least, most] = detail::extremes(std::span<const TestType>(values));
      std::vector<TestType> expected = values;
      std::sort(expected.begin(), expected.end());
      REQUIRE(least == expected.front());
      REQUIRE(most == expected.back());
      detail::sort_few(std::span(values));
      REQUIRE(values == expected);
    }
  }
}

TEMPLATE_TEST_CASE("any_reaches sees every place, and what is not a number", "", float, double) {
  for (std::size_t size = 0; size <= 100; ++size) {
    std::vector<TestType> values(size, TestType(-2));
    const auto reached = [&](TestType bound) { return detail::any_reaches(std::span<const TestType>(values), bound); };
    REQUIRE(!reached(-1));
    for (TestType& value : values) {
      for (const TestType high : {TestType(-1), TestType(0), std::numeric_limits<TestType>::quiet_NaN()}) {
        value = high;
        REQUIRE(reached(-1));
      }
      value = -2;
    }
    REQUIRE(!reached(-1));
  }
}

TEMPLATE_TEST_CASE("all_finite sees every place", "", float, double) {
  constexpr auto infinity = std::numeric_limits<TestType>::infinity();
  for (std::size_t size = 0; size <= 100; ++size) {
    std::vector<TestType> values(size, std::numeric_limits<TestType>::lowest());
    const auto finite = [&] { return detail::all_finite(std::span<const TestType>(values)); };
    REQUIRE(finite());
    for (TestType& value : values) {
      for (const TestType bad : {infinity, -infinity, std::numeric_limits<TestType>::quiet_NaN()}) {
        value = bad;
        REQUIRE(!finite());
      }
      value = std::numeric_limits<TestType>::max();
    }
    REQUIRE(finite());
  }
}

TEMPLATE_TEST_CASE("any_repeats sees every pair of neighbours, and no other", "", float, double) {
  REQUIRE(!detail::any_repeats(std::span<const TestType>()));
  for (std::size_t size = 1; size <= 100; ++size) {
    std::vector<TestType> values(size);
    for (std::size_t i = 0; i < size; ++i) { values[i] = static_cast<TestType>(i); }
    const auto repeats = [&] { return detail::any_repeats(std::span<const TestType>(values)); };
    REQUIRE(!repeats());
    for (std::size_t i = 1; i < size; ++i) {
      values[i] = values[i - 1];
      REQUIRE(repeats());
      values[i] = static_cast<TestType>(i);
    }
  }
}
