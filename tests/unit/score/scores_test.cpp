// SPDX-License-Identifier: MIT
#include "dynamicpo/score/scores.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace po = dynamicpo;

namespace {

/// Rows 0..2 of four rejected each: entry (b, k) is 10 b + k, the chosen of row b is 100 + b.
constexpr int rows = 3, negatives = 4;

template <class View>
void require_scores(const View& view) {
  REQUIRE(view.rows() == rows);
  for (int b = 0; b < rows; ++b) {
    REQUIRE(view.negatives(b) == negatives);
    REQUIRE(view.chosen(b) == 100 + b);
    for (int k = 0; k < negatives; ++k) { REQUIRE(view.rejected(b, k) == 10 * b + k); }
  }
}

/// `size` entries, where those of the matrix stand at at(b, k).
template <class Place>
std::vector<double> laid_out(std::size_t size, const Place& at) {
  std::vector<double> memory(size, -1);
  for (int b = 0; b < rows; ++b) {
    for (int k = 0; k < negatives; ++k) {
      memory[static_cast<std::size_t>(at(b, k))] = 10 * b + k;
    }
  }
  return memory;
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

/// The interface of std::mdspan, as far as a view reads it.
template <class T, std::size_t Rank>
struct mdspan_mock {
  T* data;
  std::array<std::size_t, Rank> extents, strides;

  static constexpr std::size_t rank() { return Rank; }
  T* data_handle() const { return data; }
  std::size_t extent(std::size_t r) const { return extents[r]; }
  std::size_t stride(std::size_t r) const { return strides[r]; }
};

}  // namespace

TEST_CASE("dense views: row-major, column-major, strided, reversed, mdspan-like") {
  const std::vector<double> chosen{100, 101, 102};
  const auto row_major = laid_out(12, [](auto b, auto k) { return 4 * b + k; });
  require_scores(po::view(chosen, row_major));
  require_scores(po::view(std::span(chosen), std::span(row_major)));
  const std::array<double, 3> fixed{100, 101, 102};
  require_scores(po::view(fixed, row_major));
  require_scores(po::view(chosen, po::strided_matrix{row_major.data(), rows, negatives, 4, 1}));

  const auto column_major = laid_out(12, [](auto b, auto k) { return b + 3 * k; });
  require_scores(po::view(chosen, po::strided_matrix{column_major.data(), rows, negatives, 1, 3}));
  const std::size_t three = 3, four = 4, one = 1;
  require_scores(po::view(chosen, mdspan_mock<const double, 2>{column_major.data(), {three, four}, {one, three}}));
  require_scores(po::view(mdspan_mock<const double, 1>{chosen.data(), {three}, {one}},
                          mdspan_mock<const double, 2>{row_major.data(), {three, four}, {four, one}}));

  const auto spaced = laid_out(80, [](auto b, auto k) { return 25 * b + 3 * k; });
  require_scores(po::view(chosen, po::strided_matrix{spaced.data(), rows, negatives, 25, 3}));
  const std::vector<double> every_other{100, 0, 101, 0, 102};
  require_scores(po::view(po::strided_span{every_other.data(), 3, 2}, row_major));
  const auto flat_spaced = laid_out(24, [](auto b, auto k) { return 2 * (4 * b + k); });
  require_scores(po::view(chosen, po::strided_span{flat_spaced.data(), 12, 2}));

  const auto reversed = laid_out(12, [](auto b, auto k) { return 11 - (4 * b + k); });
  const std::vector<double> chosen_reversed{102, 101, 100};
  require_scores(po::view(po::strided_span{chosen_reversed.data() + 2, 3, -1},
                          po::strided_matrix{reversed.data() + 11, rows, negatives, -4, -1}));

  const std::vector<double> one_column{100, 101, 102};
  require_scores(po::view(po::strided_matrix{one_column.data(), 3, 1, 1, 1}, row_major));
}

TEST_CASE("a view is mutable where its memory is, const as soon as either half is") {
  std::vector<float> chosen{1, 2}, rejected{3, 4};
  const std::vector<float>& fixed = rejected;
  auto writable = po::view(chosen, rejected);
  static_assert(std::is_same_v<decltype(writable), po::scores<float>>);
  static_assert(std::is_same_v<decltype(po::view(chosen, fixed)), po::scores<const float>>);
  writable.chosen(1) = 7;
  writable.rejected(0, 0) = 8;
  REQUIRE(chosen[1] == 7);
  REQUIRE(rejected[0] == 8);
  const po::scores<const float> read_only = writable;
  REQUIRE(read_only.rejected(0, 0) == 8);
  static_assert(!std::is_convertible_v<po::scores<const float>, po::scores<float>>);
  static_assert(!std::is_convertible_v<po::scores<float>, po::scores<const double>>);
}

TEST_CASE("sizes that do not fit: both in the text") {
  const std::vector<double> chosen(3), rejected(10);
  REQUIRE(refusal([&] { po::view(chosen, rejected); }) ==
          "dynamicpo::view: chosen is [3], rejected is [10]: not a whole number of rejected a row");
  REQUIRE(refusal([&] { po::view(chosen, po::strided_matrix{rejected.data(), 2, 5, 5, 1}); }) ==
          "dynamicpo::view: chosen is [3], rejected is [2, 5]: the rows differ");
  REQUIRE(refusal([&] { po::view(po::strided_matrix{rejected.data(), 3, 2, 2, 1}, rejected); }) ==
          "dynamicpo::view: chosen is [3, 2], expected one column");
  const std::vector<double> none;
  REQUIRE(refusal([&] { po::view(none, rejected); }) ==
          "dynamicpo::view: chosen is [0], rejected is [10]: not a whole number of rejected a row");
  REQUIRE(po::view(none, none).rows() == 0);
  REQUIRE(po::view(chosen, none).negatives(2) == 0);
}

TEST_CASE("ragged views: row lengths, flat positions, shape text") {
  const std::vector<double> chosen{100, 101, 102}, rejected{-1, 0, 1, 20, 21, 22, -1};
  const std::vector<std::int64_t> offsets{1, 3, 3, 6};
  const auto view = po::view(chosen, rejected, offsets);
  REQUIRE(view.ragged());
  REQUIRE(view.negatives(0) == 2);
  REQUIRE(view.negatives(1) == 0);
  REQUIRE(view.rejected(0, 1) == 1);
  REQUIRE(view.rejected(2, 2) == 22);
  REQUIRE(view.flat(2) == 3);
  REQUIRE(view.flat(3) == 6);
  REQUIRE(view.shape() == "[3] + ragged(5)");
}

TEST_CASE("slices: rows, positions and what hangs on them; out of range names the rows") {
  const std::vector<double> chosen{100, 101, 102};
  const auto memory = laid_out(12, [](auto b, auto k) { return b + 3 * k; });
  const std::vector<std::uint8_t> mask{1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0};
  const std::vector<std::int32_t> chosen_lengths{1, 2, 3}, lengths{1, 1, 1, 1, 5, 6, 7, 8, 1, 1, 0, 1};
  const auto whole = po::view(chosen, po::strided_matrix{memory.data(), rows, negatives, 1, 3})
                         .with_mask(mask)
                         .with_lengths(chosen_lengths, lengths);
  const auto part = whole.slice(1, 2);
  REQUIRE(part.rows() == 2);
  for (int b = 0; b < 2; ++b) {
    REQUIRE(part.chosen(b) == whole.chosen(b + 1));
    REQUIRE(part.chosen_length(b) == b + 2);
    for (int k = 0; k < negatives; ++k) {
      REQUIRE(part.rejected(b, k) == whole.rejected(b + 1, k));
      REQUIRE(part.present(b, k) == whole.present(b + 1, k));
      REQUIRE(part.rejected_length(b, k) == whole.rejected_length(b + 1, k));
    }
  }
  REQUIRE_FALSE(part.present(0, 0));  // masked
  REQUIRE_FALSE(part.present(1, 2));  // an empty sequence
  REQUIRE_FALSE(part.present(1, 3));
  REQUIRE(part.present(1, 0));
  REQUIRE(whole.slice(3, 0).rows() == 0);
  REQUIRE(whole.slice(1, 2).slice(1, 1).chosen(0) == 102);

  REQUIRE(refusal([&] { whole.slice(2, 2); }) == "dynamicpo::scores::slice: 2 rows from row 2 of a view with 3 rows");
  REQUIRE_FALSE(refusal([&] { whole.slice(-1, 2); }).empty());
  REQUIRE_FALSE(refusal([&] { whole.slice(1, -1); }).empty());
  REQUIRE_FALSE(refusal([&] { whole.slice(4, 0); }).empty());
  REQUIRE_FALSE(refusal([&] { whole.slice(1, std::numeric_limits<po::index>::max()); }).empty());

  const std::vector<std::int64_t> offsets{0, 4, 8, 12};
  const auto ragged = po::view(chosen, memory, offsets).with_mask(mask).slice(1, 2);
  REQUIRE(ragged.flat(0) == 4);  // ragged slices keep their flat positions
  REQUIRE_FALSE(ragged.present(0, 0));
  REQUIRE(ragged.rejected(1, 3) == memory[11]);
}

TEST_CASE("masks and lengths that are too short: what, found, expected") {
  const std::vector<double> chosen(3), rejected(12);
  const auto view = po::view(chosen, rejected);
  const std::vector<std::uint8_t> mask(11);
  const std::vector<std::int32_t> two(2), three(3), eleven(11), twelve(12);
  REQUIRE(refusal([&] { view.with_mask(mask); }) == "dynamicpo::scores: with_mask: mask has 11 entries, expected 12");
  REQUIRE(refusal([&] { view.with_lengths(two, twelve); }) ==
          "dynamicpo::scores: with_lengths: chosen has 2 entries, expected 3");
  REQUIRE(refusal([&] { view.with_lengths(three, eleven); }) ==
          "dynamicpo::scores: with_lengths: rejected has 11 entries, expected 12");
}

namespace stranger {

/// A container that the library has never heard of: a column of a table.
struct column {
  std::vector<double> cells;
  po::index width, at;
};

}  // namespace stranger

template <>
struct dynamicpo::score_access<stranger::column> {
  static auto vector(const stranger::column& c) {
    return strided_span<const double>{c.cells.data() + c.at, static_cast<index>(c.cells.size()) / c.width, c.width};
  }
};

TEST_CASE("a stranger's container becomes viewable by score_access") {
  const stranger::column chosen{{1, 100, 1, 101, 1, 102}, 2, 1};
  const auto rejected = laid_out(12, [](auto b, auto k) { return 4 * b + k; });
  require_scores(po::view(chosen, rejected));
}
