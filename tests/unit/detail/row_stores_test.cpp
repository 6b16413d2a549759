// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/row_stores.hpp"

#include <cstddef>
#include <vector>

#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

TEMPLATE_TEST_CASE("short rows are filled and copied to their ends, and nothing beside them", "", float, double) {
  std::vector<TestType> from(80);
  for (std::size_t i = 0; i < from.size(); ++i) { from[i] = static_cast<TestType>(i + 1); }
  for (std::size_t n = 0; n <= 70; ++n) {
    for (const std::size_t first : {0u, 1u, 7u}) {
      const auto require = [&](const std::vector<TestType>& memory, const auto& expected) {
        for (std::size_t i = 0; i < memory.size(); ++i) {
          REQUIRE(memory[i] == (i >= first && i < first + n ? expected(i - first) : TestType(-1)));
        }
      };
      const std::vector<TestType> blank(80, TestType(-1));
      std::vector<TestType> copied = blank, by_16 = blank, by_64 = blank;
      detail::copy_row(from.data(), copied.data() + first, n);
      detail::fill_row<16>(TestType(7), by_16.data() + first, n);
      detail::fill_row<64>(TestType(7), by_64.data() + first, n);
      require(copied, [&](std::size_t k) { return from[k]; });
      require(by_16, [](std::size_t) { return TestType(7); });
      require(by_64, [](std::size_t) { return TestType(7); });
    }
  }
}
