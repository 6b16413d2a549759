// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/long_cut.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

struct alignas(16) bytes16 {
  std::byte bytes[16];
};

template <unsigned Size, class T>
struct sorted_row {
  using group = test_support::lane_group<Size>;
  using V = typename group::template of<T>;

  explicit sorted_row(const std::vector<T>& row) : cut{threads, room} {
    const std::size_t columns = (row.size() + Size - 1) / Size, most = columns * Size;
    memory.resize(detail::cut_room<T>::bytes(most, Size) / sizeof(bytes16));
    room = detail::cut_room<T>::in(memory.data(), most, Size);
    std::vector<V> score(columns);
    for (std::size_t c = 0; c < columns; ++c) {
      T column[Size];
      for (std::size_t r = 0; r < Size; ++r) {
        column[r] = c * Size + r < row.size() ? row[c * Size + r] : -infinity_of<T>;
      }
      score[c] = V::load(column);
    }
    cut.sort(score, static_cast<unsigned>(columns));
  }
  sorted_row(const sorted_row&) = delete;

  group threads;
  std::vector<bytes16> memory;
  detail::cut_room<T> room;
  detail::long_cut<group, T> cut;
};

template <class T>
void require_same_cut(const std::vector<T>& row) {
  CAPTURE(row.size());
  const T expected = host_cut(row);
  REQUIRE(sorted_row<16, T>(row).cut.least_of_top_cluster() == expected);
  REQUIRE(sorted_row<2, T>(row).cut.least_of_top_cluster() == expected);
}

constexpr std::size_t sizes[] = {3, 65, 66, 100, 255, 256, 257, 600, 1024, 1500};

}  // namespace

TEMPLATE_TEST_CASE("long_cut sorts, and finds the n-th highest", "", float, double) {
  po::sample::philox_engine random{1};
  std::vector<TestType> row(333);
  for (TestType& value : row) { value = static_cast<TestType>(random.below(100)); }
  const sorted_row<16, TestType> sorted(row);
  std::sort(row.begin(), row.end(), [](TestType a, TestType b) { return b < a; });
  for (std::size_t n = 1; n <= row.size(); ++n) { REQUIRE(sorted.cut.highest(n) == row[n - 1]); }
}

TEMPLATE_TEST_CASE("long_cut cuts random rows where the host does", "", float, double) {
  po::sample::philox_engine random{2};
  for (const std::size_t size : sizes) {
    std::vector<TestType> row(size);
    for (const double offset : {0.0, -1200.0, -1e6}) {
      for (int round = 0; round < 8; ++round) {
        for (TestType& value : row) { value = static_cast<TestType>(offset + 1.2 * random.uniform()); }
        require_same_cut(row);
      }
    }
    row[0] = -static_cast<TestType>(1e30);  // an outlier
    require_same_cut(row);
  }
}

TEMPLATE_TEST_CASE("long_cut cuts rows of ties and equal costs where the host does", "", float, double) {
  po::sample::philox_engine random{3};
  for (const std::size_t size : sizes) {
    std::vector<TestType> row(size);
    for (const std::uint32_t distinct : {1u, 2u, 3u, 4u, 7u, 40u}) {
      for (TestType& value : row) { value = static_cast<TestType>(random.below(distinct)); }
      require_same_cut(row);
    }
    for (const double step : {1.0, 0.1}) {  // a ladder, and two clouds that mirror each other
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

TEST_CASE("long_cut cuts values whose squares leave the range of double where the host does") {
  po::sample::philox_engine random{4};
  for (const int exponent : {-1050, -500, 499, 1000}) {
    std::vector<double> row(300);
    for (double& value : row) { value = std::ldexp(std::round(1000 * random.uniform()) / 1000, exponent); }
    require_same_cut(row);
  }
}
