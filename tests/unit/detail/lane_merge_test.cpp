// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/lane_merge.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

namespace {

template <std::size_t Columns, class T, std::size_t Bytes>
void sorts_like_the_standard_library() {
  using pack = detail::lanes<T, Bytes / sizeof(T), Bytes>;
  dynamicpo::sample::philox_engine random{Columns + Bytes};
  for (int trial = 0; trial < 200; ++trial) {
    const std::uint32_t levels = trial % 3 == 0 ? 2 : trial % 3 == 1 ? 20 : 1000000;
    std::array<T, Columns * pack::count> numbers{};
    for (T& number : numbers) { number = 10 - static_cast<T>(random.below(levels)); }
    if (trial % 2 == 0) { numbers[random.below(numbers.size())] = std::numeric_limits<T>::infinity(); }
    pack columns[Columns];
    for (std::size_t k = 0; k < Columns; ++k) { columns[k] = pack::load(&numbers[k * pack::count]); }
    detail::sort_across_lanes<Columns>(columns);
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t lane = 0; lane < pack::count; ++lane) {
      for (std::size_t k = 0; k < Columns; ++k) {
        CAPTURE(Columns, Bytes, trial, lane, k);
        REQUIRE(columns[k][lane] == numbers[lane * Columns + k]);
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("sort_across_lanes sorts column by column of one lane after the other", "", float, double) {
  sorts_like_the_standard_library<2, TestType, 16>();
  sorts_like_the_standard_library<4, TestType, 32>();
  sorts_like_the_standard_library<8, TestType, 16>();
  sorts_like_the_standard_library<16, TestType, 32>();
  sorts_like_the_standard_library<32, TestType, 32>();
}
