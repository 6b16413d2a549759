// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/overlap.hpp"

#include <span>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;
using detail::overlap;

namespace {

template <class A, class B>
overlap relation(const A& a, const B& b) {
  const overlap forth = detail::relation(detail::lattice::of(a), detail::lattice::of(b));
  REQUIRE(forth == detail::relation(detail::lattice::of(b), detail::lattice::of(a)));
  return forth;
}

}  // namespace

TEST_CASE("the same elements at the same places are identical, whatever the unused strides") {
  std::vector<double> memory(20);
  const po::strided_matrix whole{memory.data(), 4, 5, 5, 1};
  REQUIRE(relation(whole, whole) == overlap::identical);
  REQUIRE(relation(po::strided_matrix{memory.data(), 1, 5, 5, 1}, po::strided_matrix{memory.data(), 1, 5, 99, 1}) ==
          overlap::identical);
  REQUIRE(relation(po::strided_span{memory.data() + 4, 5, -1}, po::strided_span{memory.data() + 4, 5, -1}) ==
          overlap::identical);
}

TEST_CASE("shifted, transposed, reversed or reinterpreted memory is a partial overlap") {
  std::vector<double> memory(20);
  const po::strided_matrix square{memory.data(), 4, 4, 4, 1};
  REQUIRE(relation(square, po::strided_matrix{memory.data() + 1, 4, 4, 4, 1}) == overlap::partial);
  REQUIRE(relation(square, po::strided_matrix{memory.data(), 4, 4, 1, 4}) == overlap::partial);
  REQUIRE(relation(square, po::strided_matrix{memory.data(), 3, 4, 4, 1}) == overlap::partial);
  REQUIRE(relation(po::strided_span{memory.data(), 5, 1}, po::strided_span{memory.data() + 4, 5, -1}) ==
          overlap::partial);
  REQUIRE(relation(po::strided_span{memory.data(), 4, 1},
                   po::strided_span{reinterpret_cast<float*>(memory.data()), 4, 1}) == overlap::partial);
}

TEST_CASE("memory apart is disjoint: one after another, or bands of one matrix") {
  std::vector<double> memory(40);
  REQUIRE(relation(po::strided_span{memory.data(), 5, 1}, po::strided_span{memory.data() + 5, 5, 1}) ==
          overlap::disjoint);
  // Chosen in column 0, rejected in columns 1..4 of the same rows; the same in column-major order.
  REQUIRE(relation(po::strided_span{memory.data(), 8, 5}, po::strided_matrix{memory.data() + 1, 8, 4, 5, 1}) ==
          overlap::disjoint);
  REQUIRE(relation(po::strided_span{memory.data(), 8, 1}, po::strided_matrix{memory.data() + 8, 8, 4, 1, 8}) ==
          overlap::disjoint);
  REQUIRE(relation(po::strided_matrix{memory.data(), 2, 8, 1, 5}, po::strided_matrix{memory.data() + 2, 3, 8, 1, 5}) ==
          overlap::disjoint);
  REQUIRE(relation(po::strided_matrix{memory.data(), 2, 8, 1, 5}, po::strided_matrix{memory.data() + 1, 3, 8, 1, 5}) ==
          overlap::partial);
  REQUIRE(relation(po::strided_span{memory.data(), 0, 1}, po::strided_span{memory.data(), 5, 1}) == overlap::disjoint);
}

TEST_CASE("entries of one output must be memory of their own") {
  std::vector<double> memory(20), chosen(4);
  const auto check = [&](const auto& c, const auto& r) { detail::require_entries_apart("here", po::view(c, r)); };
  REQUIRE_NOTHROW(check(chosen, po::strided_matrix{memory.data(), 4, 5, 5, 1}));
  REQUIRE_NOTHROW(check(chosen, po::strided_matrix{memory.data(), 4, 5, 1, 4}));
  REQUIRE_NOTHROW(check(po::strided_span{memory.data(), 4, 5}, po::strided_matrix{memory.data() + 1, 4, 4, 5, 1}));
  REQUIRE_THROWS_WITH(check(chosen, po::strided_matrix{memory.data(), 4, 5, 0, 1}),
                      "dynamicpo::here: two entries of gradient are the same memory");
  REQUIRE_THROWS_AS(check(chosen, po::strided_matrix{memory.data(), 4, 5, 4, 1}), std::invalid_argument);
  REQUIRE_THROWS_AS(check(po::strided_span{chosen.data(), 4, 0}, po::strided_matrix{memory.data(), 4, 5, 5, 1}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(check(po::strided_span{memory.data(), 4, 5}, po::strided_matrix{memory.data(), 4, 4, 5, 1}),
                    std::invalid_argument);
}

TEST_CASE("an output may replace its input exactly in place, nothing else of it") {
  std::vector<double> memory(24);
  const auto input = po::view(po::strided_span{memory.data(), 4, 1}, po::strided_matrix{memory.data() + 4, 4, 4, 4, 1});
  REQUIRE_NOTHROW(detail::require_row_wise_safe("here", input, "policy", input));
  const auto shifted =
      po::view(po::strided_span{memory.data(), 4, 1}, po::strided_matrix{memory.data() + 5, 4, 4, 4, 1});
  REQUIRE_THROWS_WITH(detail::require_row_wise_safe("here", shifted, "policy", input),
                      "dynamicpo::here: gradient overlaps policy without being the same memory at the same places; "
                      "only exact in-place works");
  // The chosen gradient over the first column of rejected: same place, other role.
  std::vector<double> column{1, 2, 3, 4}, other(4);
  REQUIRE_THROWS_AS(detail::require_row_wise_safe("here", po::view(column, other), "policy", po::view(other, column)),
                    std::invalid_argument);
}

TEST_CASE("require_apart lets neighbours be and names what overlaps") {
  std::vector<double> memory(6);
  const auto part = [&](std::size_t from, std::size_t size) { return std::span(memory).subspan(from, size); };
  detail::require_apart("here", "out", part(0, 3), "in", detail::lattice::of(part(3, 3)));
  detail::require_apart("here", "out", part(2, 0), "in", detail::lattice::of(part(0, 6)));
  for (const auto& out : {part(0, 4), part(3, 3), part(5, 1), part(0, 6)}) {
    REQUIRE_THROWS_WITH(detail::require_apart("here", "out", out, "in", detail::lattice::of(part(3, 3))),
                        "dynamicpo::here: out overlaps in");
  }
}
