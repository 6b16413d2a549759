// SPDX-License-Identifier: MIT
#include "dynamicpo/select/random_k.hpp"

#include <array>
#include <cmath>

#include "support/catch.hpp"
#include "support/select.hpp"

namespace po = dynamicpo;
using test_support::select_row;

namespace {

std::vector<std::int32_t> draw(const po::select::random_k& rule, std::size_t negatives) {
  const auto found = select_row(rule, 0.0, std::vector<double>(negatives, -1.0));
  if (negatives > 0) { REQUIRE(found.rule == po::selection_rule::random_k); }
  return found.slots;
}

}  // namespace

TEST_CASE("random_k draws exactly count, all where there are no more") {
  for (std::uint32_t step = 0; step < 200; ++step) {
    for (const std::size_t negatives : {0u, 1u, 2u, 7u, 64u}) {
      for (const po::index count : {0, 1, 3, 7, 100}) {
        const auto expected = std::min(static_cast<std::size_t>(count), negatives);
        REQUIRE(draw({.count = count, .seed = 5, .step = step}, negatives).size() == expected);
      }
    }
  }
}

TEST_CASE("random_k: every subset is as likely") {
  // 3 of 6: 20 subsets, 40000 draws; chi-square with 19 degrees of freedom, 43.8 at 0.1 %.
  constexpr int draws = 40000;
  std::array<int, 64> seen{};
  for (std::uint32_t step = 0; step < draws; ++step) {
    std::size_t subset = 0;
    for (const std::int32_t slot : draw({.count = 3, .seed = 17, .step = step}, 6)) {
      subset |= std::size_t{1} << slot;
    }
    ++seen[subset];
  }
  double chi_square = 0;
  int subsets = 0;
  for (const int count : seen) {
    if (count == 0) { continue; }
    ++subsets;
    chi_square += (count - draws / 20.0) * (count - draws / 20.0) / (draws / 20.0);
  }
  REQUIRE(subsets == 20);
  REQUIRE(chi_square < 43.8);
  REQUIRE(chi_square > 5.4);  // nor too even: 0.1 % from below
}

TEST_CASE("random_k: draws of rows, steps and seeds are apart; the same coordinates draw the same") {
  const auto set = [](std::uint64_t seed, std::uint32_t step, po::index first_row) {
    return draw({.count = 8, .seed = seed, .step = step, .first_row = first_row}, 40);
  };
  REQUIRE(set(1, 2, 3) == set(1, 2, 3));
  REQUIRE(set(1, 2, 3) != set(2, 2, 3));
  REQUIRE(set(1, 2, 3) != set(1, 3, 3));
  REQUIRE(set(1, 2, 3) != set(1, 2, 4));
}

TEST_CASE("random_k: rows of a slice draw as in the whole with first_row") {
  const std::vector<double> chosen(50, 0.0), rejected(50 * 9, -1.0);
  const auto lists = [&](po::index first, po::index count, po::index first_row) {
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(count) + 1);
    std::vector<std::int32_t> slots(static_cast<std::size_t>(count) * 9);
    po::select_negatives(po::exec::seq, po::select::random_k{.count = 4, .seed = 3, .first_row = first_row},
                         po::view(chosen, rejected).slice(first, count), {.offsets = offsets, .slots = slots});
    slots.resize(static_cast<std::size_t>(offsets.back()));
    return slots;
  };
  const auto whole = lists(0, 50, 0), part = lists(20, 30, 20);
  REQUIRE(std::equal(part.begin(), part.end(), whole.begin() + 20 * 4, whole.end()));
  REQUIRE(lists(20, 30, 0) != part);
}
