// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/group_cut.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/lane_group.hpp"
#include "unit/detail/host_cut.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;

using cut_test::host_cut;
using cut_test::infinity_of;

namespace {

/// The same by a group of `Size` threads with `C` columns each; nothing takes part where the row has ended.
template <unsigned Size, unsigned C, class T>
T group_cut(const std::vector<T>& row) {
  using V = typename test_support::lane_group<Size>::template of<T>;
  V score[C];
  for (unsigned c = 0; c < C; ++c) {
    T column[Size];
    for (unsigned r = 0; r < Size; ++r) {
      const std::size_t k = c * Size + r;
      column[r] = k < row.size() ? row[k] : -infinity_of<T>;
    }
    score[c] = V::load(column);
  }
  return detail::least_of_top_cluster<T>(test_support::lane_group<Size>{}, score);
}

/// By every group that the row fits.
template <class T>
void require_same_cut(const std::vector<T>& row) {
  const T expected = host_cut(row);
  const std::size_t size = row.size();
  CAPTURE(size, expected, row);
  if (size <= 1) { REQUIRE(group_cut<1, 1>(row) == expected); }
  if (size <= 4) { REQUIRE(group_cut<4, 1>(row) == expected); }
  if (size <= 8) { REQUIRE(group_cut<8, 1>(row) == expected); }
  if (size <= 8) { REQUIRE(group_cut<4, 2>(row) == expected); }
  if (size <= 16) { REQUIRE(group_cut<16, 1>(row) == expected); }
  if (size <= 32) { REQUIRE(group_cut<32, 1>(row) == expected); }
  REQUIRE(group_cut<32, 2>(row) == expected);
}

template <class T>
T draw(po::sample::philox_engine& random, double low, double high) {
  return static_cast<T>(low + (high - low) * random.uniform());
}

}  // namespace

TEMPLATE_TEST_CASE("a group cuts random rows of every length where the host does", "", float, double) {
  po::sample::philox_engine random{11};
  for (std::size_t size = 1; size <= 64; ++size) {
    for (const double offset : {0.0, -1200.0, -1e6}) {
      for (int round = 0; round < 20; ++round) {
        std::vector<TestType> row(size);
        for (TestType& value : row) { value = static_cast<TestType>(offset) + draw<TestType>(random, -1.2, 1.2); }
        require_same_cut(row);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a group cuts rows of ties and equal costs where the host does", "", float, double) {
  po::sample::philox_engine random{12};
  for (std::size_t size = 1; size <= 64; ++size) {
    std::vector<TestType> row(size);
    for (int round = 0; round < 40; ++round) {  // few distinct values, many partitions of one cost
      const auto distinct = 1 + random.below(6);
      const auto step = static_cast<TestType>(round % 3 == 0 ? 0.1 : 1.0);
      for (TestType& value : row) { value = step * static_cast<TestType>(random.below(distinct)); }
      require_same_cut(row);
    }
    for (const double step : {1.0, 0.1, 1e-3}) {  // a ladder, and its mirror image in two clouds
      for (std::size_t i = 0; i < size; ++i) {
        row[i] = static_cast<TestType>(step * static_cast<double>(i * 7 % size));
      }
      require_same_cut(row);
      for (std::size_t i = 0; i < size; ++i) {
        row[i] = static_cast<TestType>((i % 2 == 0 ? 1 : -1) * step * static_cast<double>(1 + i / 2));
      }
      require_same_cut(row);
    }
  }
}

TEST_CASE("a group cuts values whose squares leave the range of double where the host does") {
  po::sample::philox_engine random{13};
  for (int exponent : {-1074, -1050, -1022, -900, -500, 490, 499, 600, 1000, 1022}) {
    for (std::size_t size : {3u, 5u, 15u, 33u, 64u}) {
      for (int round = 0; round < 5; ++round) {
        std::vector<double> row(size);
        for (double& value : row) { value = std::ldexp(std::round(100 * draw<double>(random, -1, 1)) / 100, exponent); }
        require_same_cut(row);
        row[0] = -std::numeric_limits<double>::max();
        require_same_cut(row);
      }
    }
  }
}
