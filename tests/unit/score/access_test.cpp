// SPDX-License-Identifier: MIT
#include "dynamicpo/score/access.hpp"

#include <array>
#include <deque>
#include <list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "unit/score/fake_mdspan.hpp"

namespace po = dynamicpo;
using score_test::fake_mdspan;

namespace {

/// A stranger's container: rows in separate halves of one array, element (i, j) at 10 i + j.
struct grid {
  std::array<float, 20> memory{};
};

/// A stranger's handle that owns nothing.
struct grid_handle {
  grid* target = nullptr;
};

}  // namespace

template <>
struct dynamicpo::score_access<grid> {
  static auto matrix(grid& g) { return strided_matrix{g.memory.data(), 2, 3, 10, 1}; }
  static auto matrix(const grid& g) { return strided_matrix{g.memory.data(), 2, 3, 10, 1}; }
};
template <>
struct dynamicpo::score_access<grid_handle> {
  static constexpr bool owns_nothing = true;
  static auto vector(const grid_handle& h) { return strided_span{h.target->memory.data(), 2, 10}; }
};

TEST_CASE("contiguous ranges are vectors with stride 1, in place") {
  std::vector<float> values{1, 2, 3};
  const std::array<double, 2> fixed{4, 5};
  const auto span = po::detail::as_span(values);
  REQUIRE(span.data == values.data());
  REQUIRE(span.size == 3);
  REQUIRE(span.stride == 1);
  STATIC_REQUIRE(std::is_same_v<decltype(po::detail::as_span(fixed)), po::strided_span<const double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::detail::as_span(std::span<float>(values))), po::strided_span<float>>);
}

TEST_CASE("anything shaped like mdspan keeps its extents and strides") {
  std::array<float, 12> memory{};
  const fake_mdspan<float, 1> reversed{memory.data() + 11, {4}, {-3}};
  const auto span = po::detail::as_span(reversed);
  REQUIRE(span.data == memory.data() + 11);
  REQUIRE(span.size == 4);
  REQUIRE(span.stride == -3);
  const fake_mdspan<const float, 2> columns{memory.data(), {3, 4}, {1, 3}};
  const auto matrix = po::detail::as_matrix(columns);
  STATIC_REQUIRE(std::is_same_v<decltype(matrix), const po::strided_matrix<const float>>);
  REQUIRE(&matrix(2, 3) == memory.data() + 11);
  REQUIRE(matrix.rows == 3);
  REQUIRE(matrix.columns == 4);
  STATIC_REQUIRE_FALSE(po::detail::one_dimensional<fake_mdspan<float, 2>>);
  STATIC_REQUIRE_FALSE(po::detail::two_dimensional<fake_mdspan<float, 3>>);
}

TEST_CASE("score_access opens a stranger's container, const or not") {
  grid owned;
  const auto matrix = po::detail::as_matrix(owned);
  REQUIRE(&matrix(1, 2) == &owned.memory[12]);
  STATIC_REQUIRE(
      std::is_same_v<decltype(po::detail::as_matrix(std::as_const(owned))), po::strided_matrix<const float>>);
  const auto span = po::detail::as_span(grid_handle{&owned});
  REQUIRE(&span[1] == &owned.memory[10]);
}

TEST_CASE("what has no memory in a line is no vector") {
  STATIC_REQUIRE(po::detail::one_dimensional<std::vector<float>&>);
  STATIC_REQUIRE_FALSE(po::detail::one_dimensional<std::list<float>&>);
  STATIC_REQUIRE_FALSE(po::detail::one_dimensional<std::deque<float>&>);
  STATIC_REQUIRE_FALSE(po::detail::one_dimensional<double>);
  STATIC_REQUIRE_FALSE(po::detail::two_dimensional<std::vector<std::vector<float>>&>);
}

TEST_CASE("temporaries that own memory do not outlive the call, views and lvalues do") {
  STATIC_REQUIRE(po::detail::outlives_call<std::vector<float>&>);
  STATIC_REQUIRE(po::detail::outlives_call<const std::vector<float>&>);
  STATIC_REQUIRE_FALSE(po::detail::outlives_call<std::vector<float>>);
  STATIC_REQUIRE_FALSE(po::detail::outlives_call<std::array<float, 3>>);
  STATIC_REQUIRE_FALSE(po::detail::outlives_call<grid>);
  STATIC_REQUIRE(po::detail::outlives_call<grid_handle>);
  STATIC_REQUIRE(po::detail::outlives_call<std::span<float>>);
  STATIC_REQUIRE(po::detail::outlives_call<po::strided_span<float>>);
  STATIC_REQUIRE(po::detail::outlives_call<po::strided_matrix<const float>>);
  STATIC_REQUIRE(po::detail::outlives_call<fake_mdspan<float, 2>>);
}
