// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/sorting_network.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace {

namespace detail = dynamicpo::detail;

/// Columns of numbers, sorted lane by lane.
template <class V>
std::vector<V> sorted_lanes(const std::vector<V>& columns) {
  constexpr std::size_t most = 256;
  V room[most];
  const auto at = [&](std::size_t k) { return columns[k]; };
  const V* sorted = columns.size() > 64 ? detail::sort_lanes<most>(room, columns.size(), at)
                                        : detail::sort_lanes<64>(room, columns.size(), at);
  return std::vector<V>(sorted, sorted + columns.size());
}

/// How many lanes of `sorted` are not what std::sort makes of the lanes of `columns`.
template <class V>
int wrong_lanes(const std::vector<V>& columns, const std::vector<V>& sorted) {
  int wrong = 0;
  for (std::size_t lane = 0; lane < V::count; ++lane) {
    std::vector<typename V::element> expected, found;
    for (std::size_t k = 0; k < columns.size(); ++k) {
      expected.push_back(columns[k][lane]);
      found.push_back(sorted[k][lane]);
    }
    std::sort(expected.begin(), expected.end());
    wrong += !(found == expected);
  }
  return wrong;
}

}  // namespace

TEMPLATE_TEST_CASE("every row of zeros and ones of up to 16 is sorted, hence every row", "",
                   (detail::lanes<float, 8, 32>), (detail::lanes<double, 2, 16>)) {
  using V = TestType;
  for (std::size_t count = 1; count <= 16; ++count) {
    int wrong = 0;
    for (std::size_t pattern = 0; pattern < (std::size_t{1} << count); pattern += V::count) {
      std::vector<V> columns(count);
      for (std::size_t k = 0; k < count; ++k) {
        typename V::element column[V::count];
        for (std::size_t lane = 0; lane < V::count; ++lane) {
          column[lane] = static_cast<typename V::element>((pattern + lane) >> k & 1);
        }
        columns[k] = V::load(column);
      }
      wrong += wrong_lanes(columns, sorted_lanes(columns));
    }
    CAPTURE(count);
    REQUIRE(wrong == 0);
  }
}

TEMPLATE_TEST_CASE("rows of every length are sorted, absent values first", "", (detail::lanes<float, 4, 16>),
                   (detail::lanes<float, 8, 32>), (detail::lanes<float, 16, 64>), (detail::lanes<double, 4, 32>)) {
  using V = TestType;
  using number = typename V::element;
  dynamicpo::sample::philox_engine random{4, V::count};
  for (std::size_t count = 1; count <= 256; ++count) {
    for (const std::uint32_t levels : {2u, 5u, 1000000u}) {
      for (int repeat = 0; repeat < (count <= 64 ? 20 : 4); ++repeat) {
        std::vector<V> columns(count);
        for (V& column : columns) {
          number values[V::count];
          for (number& value : values) {
            value = random.below(8) == 0 ? -INFINITY : static_cast<number>(random.below(levels)) - number(levels / 2);
          }
          column = V::load(values);
        }
        CAPTURE(count, levels);
        REQUIRE(wrong_lanes(columns, sorted_lanes(columns)) == 0);
      }
    }
  }
}

TEST_CASE("merging halves of zeros and ones of every share") {
  using V = detail::lanes<float, 8, 32>;
  const auto check = [](auto half_constant) {
    constexpr std::size_t half = half_constant;
    for (std::size_t low = 0; low <= half; ++low) {
      for (std::size_t high = 0; high <= half; ++high) {
        V values[2 * half];
        for (std::size_t k = 0; k < 2 * half; ++k) { values[k] = V((k < half ? k >= low : k - half >= high) ? 1 : 0); }
        detail::merge_halves<half>(values);
        for (std::size_t k = 0; k < 2 * half; ++k) { REQUIRE(values[k][3] == (k >= low + high ? 1 : 0)); }
      }
    }
  };
  check(std::integral_constant<std::size_t, 16>{});
  check(std::integral_constant<std::size_t, 32>{});
  check(std::integral_constant<std::size_t, 64>{});
  check(std::integral_constant<std::size_t, 128>{});
}
