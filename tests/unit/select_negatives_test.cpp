// SPDX-License-Identifier: MIT
#include "dynamicpo/select_negatives.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
using po::selection_rule;

namespace {

template <class T>
struct lists {
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> slots;
  std::vector<selection_rule> rule;
  std::vector<T> mean_rest;
  po::selection_counts counts;
};

template <class T, class Select = po::select::boundary>
lists<std::remove_const_t<T>> lists_of(const po::scores<T>& policy, const Select& select = {},
                                       po::nonfinite nonfinite = po::nonfinite::throw_) {
  const auto rows = static_cast<std::size_t>(policy.rows());
  lists<std::remove_const_t<T>> found{
      std::vector<std::int64_t>(rows + 1, -7),
      std::vector<std::int32_t>(static_cast<std::size_t>(policy.flat(policy.rows()) - policy.flat(0)), -7),
      std::vector<selection_rule>(rows, selection_rule::custom),
      std::vector<std::remove_const_t<T>>(rows, -7),
      {}};
  found.counts = po::select_negatives(po::exec::seq, select, policy,
                                      {.offsets = found.offsets,
                                       .slots = found.slots,
                                       .rule = found.rule,
                                       .mean_rest = found.mean_rest,
                                       .nonfinite = nonfinite});
  found.slots.resize(static_cast<std::size_t>(found.offsets.back()));
  return found;
}

/// A selection that the library does not know, so that its rows are seen one by one.
template <class Select>
struct unknown {
  Select select;
  template <class T>
  selection_rule operator()(const po::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                            po::select::scratch<T>& scratch) const {
    return select(row, selected, scratch);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("select_negatives side by side is what it is row by row, to the bit", "", float, double) {
  po::sample::philox_engine random{21};
  const auto check = [&](const auto& select) {
    for (const bool ragged : {false, true}) {
      for (const po::index negatives : {1, 2, 3, 4, 15, 33, 64, 70, 130, 256, 257, 600}) {
        auto batch = test_support::random_batch<TestType>(static_cast<std::uint64_t>(negatives), 77, negatives, ragged);
        for (TestType& score : batch.policy.rejected) {
          if (random.below(40) == 0) {
            score = random.below(2) == 0 ? -test_support::infinity_of<TestType> : TestType(-2);
          }
          if (random.below(4000) == 0) { score = test_support::nan_of<TestType>; }
        }
        for (std::size_t row = 0; row < batch.policy.chosen.size(); row += 3) {
          batch.policy.chosen[row] = TestType(-1);
        }
        std::vector<std::uint8_t> mask(batch.policy.rejected.size());
        for (std::uint8_t& present : mask) { present = static_cast<std::uint8_t>(random.below(3)); }
        for (const auto& policy : {batch.policy.view(), batch.policy.view().with_mask(mask)}) {
          const auto together = lists_of(policy, select, po::nonfinite::skip);
          const auto alone =
              lists_of(policy, unknown<std::remove_cvref_t<decltype(select)>>{select}, po::nonfinite::skip);
          CAPTURE(ragged, negatives);
          REQUIRE(together.offsets == alone.offsets);
          REQUIRE(together.slots == alone.slots);
          REQUIRE(together.rule == alone.rule);
          REQUIRE(test_support::same_bits(together.mean_rest, alone.mean_rest));
          REQUIRE(test_support::same_counts(together.counts, alone.counts));
          REQUIRE(together.counts.selected == alone.counts.selected);
        }
      }
    }
  };
  check(po::select::boundary{});
  check(po::select::all{});
  check(po::select::violators{});
  for (const double gap : {-2.0, -1e300, -test_support::infinity_of<double>, test_support::nan_of<double>}) {
    check(po::select::threshold{gap});
  }
}

TEMPLATE_TEST_CASE("select_negatives: compact lists, what decided, and the mean of the rest", "", float, double) {
  const test_support::table<TestType> dense{{-5, -1, -5}, {-9, -4, -20, -3, -9, -3, -5, -5, -4}};
  const auto found = lists_of(dense.view());
  REQUIRE(found.offsets == std::vector<std::int64_t>{0, 1, 3, 6});
  REQUIRE(found.slots == std::vector<std::int32_t>{1, 0, 2, 0, 1, 2});
  REQUIRE(found.rule ==
          std::vector<selection_rule>{selection_rule::violators, selection_rule::cluster, selection_rule::violators});
  REQUIRE(found.mean_rest[0] == TestType(-14.5));
  REQUIRE(found.mean_rest[1] == TestType(-9));
  REQUIRE(std::abs(static_cast<double>(found.mean_rest[2]) + 14.0 / 3) <= 1e-6);  // none left out: the selected
  REQUIRE(found.counts.selected == 6);
  REQUIRE(found.counts.rows == 3);
}

TEMPLATE_TEST_CASE("select_negatives over slices gives each row what the whole gives it", "", float, double) {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<TestType>(9, 120, 7, ragged);
    const auto policy = batch.policy.view();
    const auto whole = lists_of(policy);
    for (const auto& [first, count] : {std::pair<po::index, po::index>{0, 40}, {40, 80}, {77, 1}, {5, 0}}) {
      const auto part = lists_of(policy.slice(first, count));
      for (po::index b = 0; b < count; ++b) {
        const auto in_part = static_cast<std::size_t>(b), in_whole = static_cast<std::size_t>(first + b);
        REQUIRE(part.rule[in_part] == whole.rule[in_whole]);
        REQUIRE(part.offsets[in_part + 1] - part.offsets[in_part] ==
                whole.offsets[in_whole + 1] - whole.offsets[in_whole]);
        REQUIRE(std::equal(part.slots.begin() + part.offsets[in_part], part.slots.begin() + part.offsets[in_part + 1],
                           whole.slots.begin() + whole.offsets[in_whole]));
      }
      REQUIRE(part.offsets[0] == 0);
    }
  }
}

TEST_CASE("select_negatives: slots count every rejected of the row, absent ones too") {
  constexpr double infinity = test_support::infinity_of<double>;
  const test_support::table<double> scores{{-5}, {-infinity, -4, -3, -9, -2}};
  const std::vector<std::uint8_t> mask{1, 0, 1, 1, 1};
  const auto found = lists_of(scores.view().with_mask(mask));
  REQUIRE(found.slots == std::vector<std::int32_t>{2, 4});
  REQUIRE(found.mean_rest[0] == -9);
}

TEST_CASE("select_negatives: empty and invalid rows select nothing and say so") {
  constexpr double nan = test_support::nan_of<double>;
  const test_support::table<double> scores{{-5, nan, -5}, {-4, -4, -6}};
  const auto skipped = lists_of(scores.view(), po::select::violators{}, po::nonfinite::skip);
  REQUIRE(skipped.offsets == std::vector<std::int64_t>{0, 1, 1, 1});
  REQUIRE(skipped.rule[1] == selection_rule::none);
  REQUIRE(skipped.rule[2] == selection_rule::violators);
  REQUIRE((std::isnan(skipped.mean_rest[1]) && std::isnan(skipped.mean_rest[2])));
  REQUIRE((skipped.counts.rows == 1 && skipped.counts.invalid_rows == 1 && skipped.counts.empty_rows == 1));
  REQUIRE_THROWS_WITH(lists_of(scores.view()),
                      "dynamicpo::select_negatives: row 1: the chosen score is not finite (1 invalid in all)");
}

TEST_CASE("select_negatives: the lists make ragged rows with the loss and gradient of the whole") {
  const auto batch = test_support::random_batch<double>(13, 60, 9);
  const auto pipeline = po::pipeline{po::select::boundary{}, po::beta::fixed{.base = 0.4}, po::objective::sdpo};
  const auto whole = test_support::evaluate(pipeline, batch.policy.view(), batch.reference.view());
  const auto found = lists_of(batch.policy.view());
  test_support::batch<double> compact;
  compact.policy = {batch.policy.chosen, {}, found.offsets};
  compact.reference = {batch.reference.chosen, {}, found.offsets};
  std::vector<double> gradient;
  for (std::size_t b = 0; b < 60; ++b) {
    for (std::int64_t i = found.offsets[b]; i < found.offsets[b + 1]; ++i) {
      const std::size_t at = b * 9 + static_cast<std::size_t>(found.slots[static_cast<std::size_t>(i)]);
      compact.policy.rejected.push_back(batch.policy.rejected[at]);
      compact.reference.rejected.push_back(batch.reference.rejected[at]);
      gradient.push_back(whole.gradient.rejected[at]);
    }
  }
  const auto small =
      test_support::evaluate(po::vanilla(po::objective::sdpo, 0.4), compact.policy.view(), compact.reference.view());
  REQUIRE(test_support::same_bits(small.row_loss, whole.row_loss));
  REQUIRE(test_support::same_bits(small.gradient.chosen, whole.gradient.chosen));
  REQUIRE(test_support::same_bits(small.gradient.rejected, gradient));
}

TEST_CASE("select_negatives refuses outputs that are too short or half given") {
  const test_support::table<double> scores{{-5, -5}, {-4, -6, -4, -6}};
  std::vector<std::int64_t> offsets(3);
  std::vector<std::int32_t> slots(4);
  const auto call = [&](const po::selection_outputs<double>& out) {
    po::select_negatives(po::exec::seq, po::select::boundary{}, scores.view(), out);
  };
  REQUIRE_NOTHROW(call({}));
  REQUIRE_THROWS_WITH(call({.offsets = std::span(offsets).first(2), .slots = slots}),
                      "dynamicpo::select_negatives: offsets has 2 entries, expected 3");
  REQUIRE_THROWS_WITH(call({.offsets = offsets, .slots = std::span(slots).first(3)}),
                      "dynamicpo::select_negatives: slots has 3 entries, expected 4");
  REQUIRE_THROWS_AS(call({.offsets = offsets}), std::invalid_argument);
  REQUIRE_THROWS_AS(call({.slots = slots}), std::invalid_argument);
}
