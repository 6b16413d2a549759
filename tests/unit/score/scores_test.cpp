// SPDX-License-Identifier: MIT
#include "dynamicpo/score/scores.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "unit/score/fake_mdspan.hpp"

namespace po = dynamicpo;
using score_test::fake_mdspan;

namespace {

constexpr po::index rows = 3, columns = 4;

double value(po::index row, po::index k) { return 10.0 * static_cast<double>(row) + static_cast<double>(k); }

// Chosen of row b is -b, rejected (b, k) is value(b, k).
template <class T>
void require_values(const po::scores<T>& view) {
  REQUIRE(view.rows() == rows);
  REQUIRE_FALSE(view.ragged());
  REQUIRE(view.flat(view.rows()) == rows * columns);
  for (po::index b = 0; b < rows; ++b) {
    REQUIRE(view.chosen(b) == -static_cast<double>(b));
    REQUIRE(view.negatives(b) == columns);
    REQUIRE(view.flat(b) == b * columns);
    for (po::index k = 0; k < columns; ++k) { REQUIRE(view.rejected(b, k) == value(b, k)); }
  }
}

}  // namespace

TEST_CASE("dense views read any layout in place") {
  std::vector<double> chosen{-0.0, -1, -2}, row_major, column_major;
  for (po::index b = 0; b < rows; ++b) {
    for (po::index k = 0; k < columns; ++k) { row_major.push_back(value(b, k)); }
  }
  for (po::index k = 0; k < columns; ++k) {
    for (po::index b = 0; b < rows; ++b) { column_major.push_back(value(b, k)); }
  }
  require_values(po::view(chosen, row_major));
  require_values(po::view(chosen, po::strided_matrix{column_major.data(), rows, columns, 1, rows}));
  require_values(po::view(chosen, fake_mdspan<double, 2>{column_major.data(), {3, 4}, {1, 3}}));

  std::vector<double> backwards(row_major.rbegin(), row_major.rend()), chosen_backwards{-2, -1, -0.0};
  require_values(po::view(po::strided_span{chosen_backwards.data() + 2, rows, -1},
                          po::strided_matrix{backwards.data() + 11, rows, columns, -columns, -1}));

  // Chosen as a matrix of one column; rejected as every other element.
  std::vector<double> spread(2 * row_major.size());
  for (std::size_t i = 0; i < row_major.size(); ++i) { spread[2 * i] = row_major[i]; }
  require_values(po::view(po::strided_matrix{chosen.data(), rows, 1, 1, 7},
                          po::strided_span{spread.data(), rows * columns, 2}));
}

TEST_CASE("a ragged view reads between its offsets, strided or not") {
  const std::vector<float> chosen{1, 2, 3}, rejected{9, 10, 0, 11, 0, 12};
  const std::vector<std::int64_t> offsets{1, 2, 2, 5}, strided_offsets{0, 1, 1, 3};
  const auto view = po::view(chosen, rejected, offsets);
  REQUIRE(view.ragged());
  REQUIRE(view.negatives(0) == 1);
  REQUIRE(view.negatives(1) == 0);
  REQUIRE(view.negatives(2) == 3);
  REQUIRE(view.flat(2) == 2);
  REQUIRE(view.flat(3) == 5);
  REQUIRE(view.rejected(0, 0) == 10.0f);
  REQUIRE(view.rejected(2, 1) == 11.0f);
  const auto every_other = po::view(chosen, po::strided_span{rejected.data() + 1, 3, 2}, strided_offsets);
  REQUIRE(every_other.rejected(0, 0) == 10.0f);
  REQUIRE(every_other.rejected(2, 0) == 11.0f);
  REQUIRE(every_other.rejected(2, 1) == 12.0f);
}

TEST_CASE("a view of mutable scores becomes one of const scores with all it carries, never the reverse") {
  std::vector<double> chosen{1, 2}, rejected{3, 4, 5, 6};
  const std::vector<std::uint8_t> mask{1, 0, 1, 1};
  const std::vector<std::int32_t> chosen_lengths{2, 3}, rejected_lengths{4, 5, 0, 7};
  const auto whole = po::view(chosen, rejected).with_mask(mask).with_lengths(chosen_lengths, rejected_lengths);
  const po::scores<const double> fixed = whole;
  whole.rejected(1, 1) = 8;
  REQUIRE(fixed.rejected(1, 1) == 8);
  REQUIRE(fixed.masked());
  REQUIRE_FALSE(fixed.present(0, 1));
  REQUIRE(fixed.chosen_length(1) == 3);
  REQUIRE(fixed.rejected_length(1, 1) == 7);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<po::scores<double>, po::scores<const double>>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<po::scores<const float>>);
  // One const half makes the whole const.
  STATIC_REQUIRE(std::is_same_v<decltype(po::view(std::as_const(chosen), rejected)), po::scores<const double>>);
}

TEST_CASE("mask and lengths decide presence; a length below 1 is an empty sequence") {
  const std::vector<double> chosen{1, 2}, rejected{3, 4, 5, 6};
  const std::vector<std::uint8_t> mask{1, 0, 7, 1};
  const std::vector<std::int32_t> chosen_lengths{2, 0}, rejected_lengths{4, 5, 0, -1};
  const auto plain = po::view(chosen, rejected);
  REQUIRE((plain.present(0, 1) && plain.chosen_length(1) == 1 && plain.rejected_length(1, 0) == 1));
  const auto masked = plain.with_mask(mask);
  REQUIRE((masked.present(0, 0) && !masked.present(0, 1) && masked.present(1, 0)));
  const auto measured = plain.with_lengths(chosen_lengths, rejected_lengths);
  REQUIRE(measured.length_normalised());
  REQUIRE((measured.present(0, 1) && !measured.present(1, 0) && !measured.present(1, 1)));
}

TEST_CASE("slices see their own rows, with mask and lengths") {
  const std::vector<double> chosen{0, 1, 2}, rejected{0, 1, 2, 3, 4, 5};
  const std::vector<std::uint8_t> mask{1, 1, 0, 1, 1, 0};
  const std::vector<std::int32_t> chosen_lengths{1, 2, 3}, rejected_lengths{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> offsets{0, 1, 4, 6};
  const auto carry = [&](const auto& view) {
    return view.with_mask(mask).with_lengths(chosen_lengths, rejected_lengths);
  };

  const auto dense = carry(po::view(chosen, rejected)).slice(1, 2);
  REQUIRE(dense.rows() == 2);
  REQUIRE(dense.flat(0) == 0);
  REQUIRE(dense.chosen(0) == 1);
  REQUIRE(dense.rejected(1, 1) == 5);
  REQUIRE((!dense.present(0, 0) && dense.present(0, 1) && !dense.present(1, 1)));
  REQUIRE(dense.chosen_length(1) == 3);
  REQUIRE(dense.rejected_length(0, 1) == 4);

  const auto ragged = carry(po::view(chosen, rejected, offsets)).slice(1, 2);
  REQUIRE(ragged.flat(0) == 1);
  REQUIRE(ragged.negatives(0) == 3);
  REQUIRE(ragged.rejected(0, 1) == 2);
  REQUIRE((!ragged.present(0, 1) && !ragged.present(1, 1)));
  REQUIRE(ragged.chosen_length(0) == 2);
  REQUIRE(ragged.rejected_length(1, 0) == 5);

  REQUIRE(ragged.slice(2, 0).rows() == 0);
  REQUIRE_THROWS_WITH(dense.slice(1, 2), "dynamicpo::scores::slice: 2 rows from row 1 of a view with 2 rows");
  REQUIRE_THROWS_AS(dense.slice(-1, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(dense.slice(0, -1), std::invalid_argument);
  REQUIRE_THROWS_AS(dense.slice(1, std::numeric_limits<po::index>::max()), std::invalid_argument);
}

TEST_CASE("a row elsewhere keeps the places of its chosen, mask and lengths") {
  const std::vector<double> chosen{0, 1}, rejected{0, 1, 2, 3}, elsewhere{8, 9};
  const std::vector<std::uint8_t> mask{1, 1, 1, 0};
  const std::vector<std::int32_t> chosen_lengths{1, 2}, rejected_lengths{1, 2, 3, 4};
  const po::strided_matrix<const double> by_columns{rejected.data(), 2, 2, 1, 2};
  const auto view = po::view(chosen, by_columns).with_mask(mask).with_lengths(chosen_lengths, rejected_lengths);
  const auto moved = view.with_row_at(elsewhere.data());
  REQUIRE((moved.rejected(1, 0) == 8 && moved.rejected(1, 1) == 9));
  REQUIRE((moved.chosen(1) == 1 && moved.rows() == 2 && moved.negatives(1) == 2 && moved.flat(1) == 2));
  REQUIRE((moved.present(1, 0) && !moved.present(1, 1)));
  REQUIRE((moved.chosen_length(1) == 2 && moved.rejected_length(1, 1) == 4));
}

TEST_CASE("shapes compare row by row, whatever the layout") {
  const std::vector<double> two{1, 2}, four{1, 2, 3, 4}, six{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> even{0, 2, 4}, uneven{0, 1, 4}, shifted{2, 3, 6};
  REQUIRE(po::view(two, four).same_shape(po::view(two, four, even)));
  REQUIRE_FALSE(po::view(two, four).same_shape(po::view(two, four, uneven)));
  REQUIRE_FALSE(po::view(two, four).same_shape(po::view(two, six)));
  REQUIRE_FALSE(po::view(two, four).same_shape(po::view(four, four)));
  REQUIRE(po::view(two, six, shifted).same_shape(po::view(two, four, uneven)));
  REQUIRE(po::view(two, four).slice(0, 0).same_shape(po::view(two, six).slice(1, 0)));
  REQUIRE(po::view(two, four).shape() == "[2] + [2, 2]");
  REQUIRE(po::view(two, six, shifted).shape() == "[2] + ragged(4)");
}

TEST_CASE("sizes that do not fit are refused, naming what was found and expected") {
  const std::vector<double> two{1, 2}, three{1, 2, 3}, none;
  const po::strided_matrix matrix{three.data(), 3, 1, 1, 1};
  const po::strided_matrix wide{three.data(), 1, 3, 3, 1};
  REQUIRE_THROWS_WITH(po::view(two, three),
                      "dynamicpo::view: chosen is [2], rejected is [3]: not a whole number of rejected a row");
  REQUIRE_THROWS_AS(po::view(none, two), std::invalid_argument);
  REQUIRE_THROWS_WITH(po::view(two, matrix), "dynamicpo::view: chosen is [2], rejected is [3, 1]: the rows differ");
  REQUIRE_THROWS_WITH(po::view(wide, two), "dynamicpo::view: chosen is [1, 3], expected one column");
  REQUIRE(po::view(none, none).rows() == 0);
  REQUIRE(po::view(two, none).negatives(1) == 0);

  const std::vector<std::int64_t> few{0, 3}, falling{0, 2, 1}, far{0, 1, 4}, negative{-1, 0, 3};
  REQUIRE_THROWS_WITH(po::view(two, three, few),
                      "dynamicpo::view: offsets is [2], expected one more than chosen [2]");
  REQUIRE_THROWS_WITH(po::view(two, three, falling),
                      "dynamicpo::view: offsets[2] is 1, expected monotone within [0, 3]");
  REQUIRE_THROWS_WITH(po::view(two, three, far), "dynamicpo::view: offsets[2] is 4, expected monotone within [0, 3]");
  REQUIRE_THROWS_WITH(po::view(two, three, negative),
                      "dynamicpo::view: offsets[0] is -1, expected monotone within [0, 3]");
}

TEST_CASE("mask and lengths must cover every flat position") {
  const std::vector<double> chosen{1, 2}, rejected{3, 4, 5, 6};
  const std::vector<std::uint8_t> mask{1, 1, 1};
  const std::vector<std::int32_t> one{1}, two{1, 1}, three{1, 1, 1}, four{1, 1, 1, 1};
  const auto view = po::view(chosen, rejected);
  REQUIRE_THROWS_WITH(view.with_mask(mask), "dynamicpo::scores: with_mask: mask has 3 entries, expected 4");
  REQUIRE_THROWS_WITH(view.with_lengths(one, four),
                      "dynamicpo::scores: with_lengths: chosen has 1 entries, expected 2");
  REQUIRE_THROWS_WITH(view.with_lengths(two, three),
                      "dynamicpo::scores: with_lengths: rejected has 3 entries, expected 4");
}
