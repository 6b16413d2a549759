// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/row_stores.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "support/catch.hpp"

namespace detail = dynamicpo::detail;

TEMPLATE_TEST_CASE("the first lanes are loaded, stored and told apart, and nothing beside them", "", float, double) {
  using V = detail::lanes<TestType, 64 / sizeof(TestType), 16>;
  for (std::size_t n = 0; n <= V::count; ++n) {
    std::vector<TestType> from(n), to(V::count + 1, TestType(-1));  // as long as may be read
    for (std::size_t i = 0; i < n; ++i) { from[i] = static_cast<TestType>(i + 1); }
    const V loaded = detail::load_first<V>(from.data(), n);
    const auto first = detail::first_lanes<V>(n);
    detail::store_first(loaded + V(1), to.data(), n);
    for (std::size_t i = 0; i < V::count; ++i) {
      REQUIRE(loaded[i] == (i < n ? from[i] : TestType(0)));
      REQUIRE((first[i] != 0) == (i < n));
      REQUIRE(to[i] == (i < n ? from[i] + 1 : TestType(-1)));
    }
  }
}

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
      std::vector<TestType> copied = blank, by_16[] = {blank, blank}, by_64[] = {blank, blank};
      detail::copy_row(from.data(), copied.data() + first, n);
      const TestType values[] = {TestType(7), TestType(-0.0)};
      TestType* const rows_16[] = {by_16[0].data() + first, by_16[1].data() + first};
      TestType* const rows_64[] = {by_64[0].data() + first, by_64[1].data() + first};
      int pauses = 0;
      const auto pause = [&] { ++pauses; };
      detail::fill_rows<16>(values, rows_16, n, pause);
      detail::fill_rows<64>(values, rows_64, n, pause);
      REQUIRE(pauses == 2);  // before the first of both rows, each time
      require(copied, [&](std::size_t k) { return from[k]; });
      for (const auto* const filled : {by_16, by_64}) {
        require(filled[0], [](std::size_t) { return TestType(7); });
        require(filled[1], [](std::size_t) { return TestType(0); });
        for (std::size_t k = 0; k < n; ++k) { REQUIRE(std::signbit(filled[1][first + k])); }
      }
    }
  }
}
