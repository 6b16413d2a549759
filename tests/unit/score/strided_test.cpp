// SPDX-License-Identifier: MIT
#include "dynamicpo/score/strided.hpp"

#include <array>
#include <type_traits>

#include "support/catch.hpp"

namespace po = dynamicpo;

TEST_CASE("strided_span: element i lies i strides from the first, in either direction") {
  std::array<int, 6> memory{0, 1, 2, 3, 4, 5};
  const po::strided_span every_other{memory.data(), 3, 2};
  const po::strided_span backwards{memory.data() + 5, 6, -1};
  for (po::index i = 0; i < 3; ++i) { REQUIRE(every_other[i] == 2 * i); }
  for (po::index i = 0; i < 6; ++i) { REQUIRE(backwards[i] == 5 - i); }
  every_other[1] = 7;
  REQUIRE(memory[2] == 7);
}

TEST_CASE("strided_matrix: row-major, column-major, reversed and blocks of them") {
  std::array<int, 12> memory{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const po::strided_matrix row_major{memory.data(), 3, 4, 4, 1};
  const po::strided_matrix column_major{memory.data(), 3, 4, 1, 3};
  const po::strided_matrix reversed{memory.data() + 11, 3, 4, -4, -1};
  const po::strided_matrix block{memory.data() + 5, 2, 2, 4, 1};
  for (po::index row = 0; row < 3; ++row) {
    for (po::index column = 0; column < 4; ++column) {
      REQUIRE(row_major(row, column) == 4 * row + column);
      REQUIRE(column_major(row, column) == row + 3 * column);
      REQUIRE(reversed(row, column) == 11 - 4 * row - column);
    }
  }
  REQUIRE(block(0, 0) == 5);
  REQUIRE(block(1, 1) == 10);
}

TEST_CASE("strided views are trivially copyable, empty by default, and carry constness in the element") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<po::strided_span<double>>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<po::strided_matrix<const float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::strided_span<const int>{}[0]), const int&>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::strided_matrix<int>{}(0, 0)), int&>);
  REQUIRE(po::strided_span<int>{}.size == 0);
  REQUIRE(po::strided_matrix<int>{}.rows == 0);
}
