// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/binned_cut.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

template <class T>
std::optional<T> least(const std::vector<T>& values) {
  const std::size_t size = values.size() + 1;
  std::vector<T> room(size);
  std::vector<double> low(size), high(size), count(size), sum(size);
  std::vector<std::int32_t> tick(size);
  return detail::binned_cut<T>{values, {room, low, high, count, sum, tick}}.least();
}

}  // namespace

TEMPLATE_TEST_CASE("binned_cut: three clumps, at any scale and offset", "", float, double) {
  dynamicpo::sample::philox_engine random{5};
  for (const std::size_t size : {std::size_t{9}, std::size_t{100}, std::size_t{3000}, std::size_t{200000}}) {
    for (const double scale : {1e-30, 1.0, 1e30}) {
      std::vector<TestType> values;
      TestType top = std::numeric_limits<TestType>::max();
      for (std::size_t i = 0; i < size; ++i) {
        const double centre = i % 3 == 0 ? -5 : i % 3 == 1 ? -30 : -200;
        values.push_back(static_cast<TestType>(scale * (centre + random.uniform())));
        if (i % 3 == 0) { top = std::min(top, values.back()); }
      }
      CAPTURE(size, scale);
      const auto found = least(values);
      REQUIRE(found.has_value());
      REQUIRE(*found == top);
    }
  }
}

TEMPLATE_TEST_CASE("binned_cut leaves ties and what it cannot measure to others", "", float, double) {
  REQUIRE_FALSE(least<TestType>({0, 1, 2, 3}).has_value());  // {2, 3} and {3} cost the same
  REQUIRE_FALSE(least<TestType>({1, 2, 1, 2}).has_value());  // two distinct values
  REQUIRE(*least<TestType>({7, 7, 7}) == 7);
  const double lowest = std::numeric_limits<double>::lowest();
  REQUIRE_FALSE(least<double>({lowest, -1, 1e300, -lowest}).has_value());
  REQUIRE_FALSE(least<double>({0, 1e-300, 3e-300, 9e-300}).has_value());
}

TEST_CASE("packed and wide sums of ticks: the same numbers") {
  detail::packed_ticks packed{}, packed_before{};
  detail::wide_ticks wide{}, wide_before{};
  for (std::uint32_t i = 0; i < 65536; ++i) {
    if (i == 100) {
      packed_before = packed;
      wide_before = wide;
    }
    packed.add(0x7fffffffu - i);
    wide.add(0x7fffffffu - i);
  }
  const auto few = between(packed_before, packed), many = between(wide_before, wide);
  REQUIRE(few.count == 65436);
  REQUIRE(many.count == 65436);
  REQUIRE(few.sum == many.sum);
}
