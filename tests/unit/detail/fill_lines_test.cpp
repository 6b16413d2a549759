// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/fill_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "dynamicpo/detail/processor.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

namespace detail = dynamicpo::detail;

TEMPLATE_TEST_CASE("rows of one number each are written a line at a time, wherever they begin, and nothing beside them",
                   "", float, double) {
  using V = detail::lanes<TestType, 64 / sizeof(TestType), detail::target_bytes>;
  if constexpr (!detail::fills_lines<V>) {
    test_support::skip("lines are filled so by GCC alone, compiled for AVX-512");
  } else {
    TestType values[V::count];
    for (std::size_t l = 0; l < V::count; ++l) { values[l] = static_cast<TestType>(l + 1); }
    const V from = V::load(values);
    for (std::size_t columns = 1; columns <= 64; ++columns) {
      for (std::size_t first = 0; first < 20; ++first) {
        const std::size_t size = V::count * columns;
        std::vector<TestType> memory(first + size + 20, TestType(-1));
        detail::fill_lines_past_caches(from, columns, memory.data() + first);
        detail::finish_streams();
        std::size_t different = 0;
        for (std::size_t i = 0; i < memory.size(); ++i) {
          const bool inside = i >= first && i < first + size;
          different += memory[i] == (inside ? values[(i - first) / columns] : TestType(-1)) ? 0u : 1u;
        }
        CAPTURE(columns, first);
        REQUIRE(different == 0);
      }
    }
  }
}
