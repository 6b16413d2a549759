// SPDX-License-Identifier: MIT
#include "dynamicpo/row_gaps.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
using flags = std::vector<std::uint8_t>;
using test_support::same_bits;
using test_support::table;

TEMPLATE_TEST_CASE("row_gaps: the chosen log-ratio less the mean of the rejected ones, by hand", "", float, double) {
  const table<TestType> policy{{-2, -5}, {-4, -1, -8, -6}}, reference{{-3, -4}, {-4, -3, -6, -7}};
  std::vector<double> gaps(2);
  // Log-ratios 1 against {0, 2}, and -1 against {-2, 1}.
  const auto found = po::row_gaps(po::exec::seq, policy.view(), reference.view(), gaps);
  REQUIRE(gaps == std::vector<double>{0, -0.5});
  REQUIRE((found.rows == 2 && found.empty_rows == 0 && found.invalid_rows == 0));
  po::row_gaps(po::exec::seq, policy.view(), po::reference_free, gaps);
  REQUIRE(gaps == std::vector<double>{0.5, 2});
  // One negative: the pair's gap.
  const table<TestType> pairs{{-2, -5}, {-4, -8}}, frozen{{-3, -4}, {-6, -6}};
  po::row_gaps(po::exec::seq, pairs.view(), frozen.view(), gaps);
  REQUIRE(gaps == std::vector<double>{-1, 1});
}

TEST_CASE("row_gaps: what is masked out, impossible or of no length takes no part; lengths divide") {
  const table<double> policy{{-2}, {-4, test_support::nan_of<double>, -test_support::infinity_of<double>, -9}};
  const flags mask{1, 0, 1, 1};
  const std::vector<std::int32_t> chosen_lengths{2}, rejected_lengths{1, 1, 1, 0};
  std::vector<double> gaps(1);
  po::row_gaps(po::exec::seq, policy.view().with_mask(mask), po::reference_free, gaps);
  REQUIRE(gaps[0] == -2 + (4 + 9) / 2.0);
  po::row_gaps(po::exec::seq, policy.view().with_mask(mask).with_lengths(chosen_lengths, rejected_lengths),
               po::reference_free, gaps);
  REQUIRE(gaps[0] == -1 + 4);
}

TEST_CASE("row_gaps: far from 0 float scores keep their digits") {
  const table<float> policy{{-1200.0f + 0x1p-13f}, {-1200.0f, -1200.0f, -1200.0f - 0x1p-13f}};
  std::vector<double> gaps(1);
  po::row_gaps(po::exec::seq, policy.view(), po::reference_free, gaps);
  REQUIRE(gaps[0] == 0x1p-13 * 4 / 3);
}

TEMPLATE_TEST_CASE("row_gaps counts rows as loss does and gives the unusable NaN", "", float, double) {
  constexpr auto nan = test_support::nan_of<TestType>, infinity = test_support::infinity_of<TestType>;
  const table<TestType> policy{{-1, -1, -1, -infinity, -1}, {-2, -3, -2, nan, -infinity, -infinity, -2, -3, -2, -3}};
  const table<TestType> reference{{-1, -1, -1, -1, infinity}, {-2, -3, -2, -3, -2, -3, -2, -3, -2, -3}};
  std::vector<double> gaps(5, 7);
  const auto found = po::row_gaps(po::exec::seq, policy.view(), reference.view(), gaps);
  REQUIRE(test_support::same_counts(found, po::validate(policy.view(), reference.view())));
  REQUIRE((found.rows == 1 && found.empty_rows == 1 && found.invalid_rows == 3));
  REQUIRE(gaps[0] == 0);
  for (std::size_t row = 1; row < 5; ++row) { REQUIRE(std::isnan(gaps[row])); }
}

TEMPLATE_TEST_CASE("row_gaps: a row's gap is the same in any layout, slice and number of threads", "[threads]", float,
                   double) {
  const auto scores = test_support::random_batch<TestType>(21, 3000, 4, true);
  const auto policy = scores.policy.view(), reference = scores.reference.view();
  std::vector<double> whole(3000), other(3000);
  REQUIRE(po::row_gaps(po::exec::seq, policy, reference, whole).empty_rows > 100);
  po::workspace<TestType> used;
  for (const unsigned threads : {1u, 2u, 7u}) {
    other.assign(3000, 5);
    po::row_gaps(po::exec::threads{threads}, policy, reference, other, &used);
    REQUIRE(same_bits(other, whole));
  }
  other.assign(3000, 5);
  for (po::index first = 0; first < 3000; first += 750) {
    po::row_gaps(po::exec::seq, policy.slice(first, 750), reference.slice(first, 750),
                 std::span(other).subspan(static_cast<std::size_t>(first), 750));
  }
  REQUIRE(same_bits(other, whole));
}

TEST_CASE("row_gaps says what does not fit, before it writes") {
  table<double> three{{1, 2, 3}, {1, 2, 3}}, wide{{1, 2, 3}, {1, 2, 3, 4, 5, 6}};
  std::vector<double> gaps(2, 7);
  REQUIRE_THROWS_WITH(po::row_gaps(po::exec::seq, three.view(), po::reference_free, gaps),
                      "dynamicpo::row_gaps: gaps has 2 entries, expected 3");
  REQUIRE_THROWS_WITH(po::row_gaps(po::exec::seq, three.view(), wide.view(), gaps),
                      "dynamicpo::row_gaps: policy is [3] + [3, 1], reference is [3] + [3, 2]");
  REQUIRE_THROWS_WITH(po::row_gaps(po::exec::seq, three.view(), po::reference_free, three.chosen),
                      "dynamicpo::row_gaps: gaps overlaps policy");
  const table<double> policy{{1, 2, 3}, {1, 2, 3}};
  REQUIRE_THROWS_WITH(po::row_gaps(po::exec::seq, policy.view(), std::as_const(three).view(), three.rejected),
                      "dynamicpo::row_gaps: gaps overlaps reference");
  REQUIRE(gaps == std::vector<double>{7, 7});
  REQUIRE(three.chosen == policy.chosen);
  REQUIRE(three.rejected == policy.rejected);
}

TEST_CASE("keep_rows leaves out rows and keeps the mask of the others, in place too") {
  const table<double> policy{{-1, -1, -1}, {-2, -3, -4, -5, -6}, {0, 2, 3, 5}};
  const flags kept{1, 0, 1};
  flags mask(5, 9);
  REQUIRE(po::keep_rows(policy.view(), kept, mask).mask_data() == mask.data());
  REQUIRE(mask == flags{1, 1, 0, 1, 1});
  flags own{0, 1, 1, 1, 0};
  const auto view = po::keep_rows(policy.view().with_mask(own), kept, own);
  REQUIRE(own == flags{0, 1, 0, 1, 0});
  const auto found = test_support::evaluate(po::vanilla(po::objective::sdpo), view, po::reference_free);
  REQUIRE((found.result.rows == 2 && found.result.empty_rows == 1));
  REQUIRE(found.gradient.rejected[1] > 0);
  REQUIRE(found.gradient.rejected[2] == 0);
  REQUIRE(found.gradient.chosen[1] == 0);

  // A ragged slice keeps its flat positions: those of other rows are not touched.
  mask.assign(5, 9);
  po::keep_rows(policy.view().slice(2, 1), flags{1}, mask);
  REQUIRE(mask == flags{9, 9, 9, 1, 1});
  // A dense slice starts at 0.
  const table<double> dense{{-1, -1}, {-2, -3, -4, -5}};
  mask.assign(5, 9);
  po::keep_rows(dense.view().slice(1, 1), flags{0}, mask);
  REQUIRE(mask == flags{0, 0, 9, 9, 9});
}

TEST_CASE("keep_rows says what does not fit, before it writes") {
  const table<double> policy{{-1, -1}, {-2, -3, -4, -5}};
  flags memory(9, 1);
  const auto part = [&](std::size_t from, std::size_t size) { return std::span(memory).subspan(from, size); };
  REQUIRE_THROWS_WITH(po::keep_rows(policy.view(), part(0, 1), part(1, 4)),
                      "dynamicpo::keep_rows: kept has 1 entries and mask 4, expected 2 and 4");
  REQUIRE_THROWS_AS(po::keep_rows(policy.view(), part(0, 2), part(2, 3)), std::invalid_argument);
  REQUIRE_THROWS_WITH(po::keep_rows(policy.view(), part(0, 2), part(1, 4)), "dynamicpo::keep_rows: mask overlaps kept");
  const auto masked = policy.view().with_mask(part(2, 4));
  REQUIRE_THROWS_WITH(po::keep_rows(masked, part(0, 2), part(3, 4)),
                      "dynamicpo::keep_rows: mask overlaps the policy's mask");
  REQUIRE(memory == flags(9, 1));
}
