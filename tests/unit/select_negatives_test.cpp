// SPDX-License-Identifier: MIT
#include "dynamicpo/select_negatives.hpp"

#include <cmath>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

using namespace test_support;
using po::selection_rule;

namespace {

template <class T>
struct lists {
  po::selection_counts counts;
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> slots;
  std::vector<selection_rule> rule;
  std::vector<T> mean_rest;
};

template <class Select, class P>
auto lists_of(const Select& select, const po::scores<P>& policy) {
  const auto rows = static_cast<std::size_t>(policy.rows());
  lists<std::remove_const_t<P>> found{{},
                                      std::vector<std::int64_t>(rows + 1, -1),
                                      std::vector<std::int32_t>(static_cast<std::size_t>(policy.flat(policy.rows()))),
                                      std::vector<selection_rule>(rows),
                                      std::vector<std::remove_const_t<P>>(rows)};
  found.counts = po::select_negatives(po::exec::seq, select, policy,
                                      {.offsets = found.offsets,
                                       .slots = found.slots,
                                       .rule = found.rule,
                                       .mean_rest = found.mean_rest,
                                       .nonfinite = po::nonfinite::skip});
  found.slots.resize(static_cast<std::size_t>(found.offsets.back()));
  return found;
}

}  // namespace

TEST_CASE("compact lists over empty, invalid, masked and impossible: indices are those of the original rows") {
  const table<double> policy{{-5, -5, nan_of<double>, -5, -5},
                             {-9, -4, -5, -1, -2, -9, -infinity_of<double>, -3, -20, -9, -6, -9},
                             {0, 3, 3, 5, 9, 12}};
  std::vector<std::uint8_t> mask(12, 1);
  mask[11] = 0;
  const auto found = lists_of(po::select::boundary{}, policy.view().with_mask(mask));
  REQUIRE(found.offsets == std::vector<std::int64_t>{0, 2, 2, 2, 3, 4});
  REQUIRE(found.slots == std::vector<std::int32_t>{1, 2, 2, 1});
  REQUIRE(found.rule == std::vector<selection_rule>{selection_rule::violators, selection_rule::none,
                                                    selection_rule::none, selection_rule::violators,
                                                    selection_rule::cluster});
  REQUIRE(found.mean_rest[0] == -9);
  REQUIRE(std::isnan(found.mean_rest[1]));
  REQUIRE(std::isnan(found.mean_rest[2]));
  REQUIRE(found.mean_rest[3] == -14.5);
  REQUIRE(found.mean_rest[4] == -9);
  REQUIRE(found.counts.selected == 4);
  REQUIRE(found.counts.rows == 3);
  REQUIRE(found.counts.empty_rows == 1);
  REQUIRE(found.counts.invalid_rows == 1);
  REQUIRE(found.counts.first_invalid.row == 2);
}

TEMPLATE_TEST_CASE("scoring the selected alone gives the loss and gradient of the whole", "", float, double) {
  const bool ragged = GENERATE(false, true);
  const batch<TestType> rows = random_batch<TestType>(1, 400, 8, ragged);
  const auto whole = evaluate(po::pipeline{po::select::boundary{}, po::beta::fixed{}, po::objective::sdpo},
                              rows.policy.view(), rows.reference.view());
  const auto chosen_few = lists_of(po::select::boundary{}, rows.policy.view());

  // The compact rows are ragged rows of their own: gather, and evaluate without a selection.
  batch<TestType> compact{{rows.policy.chosen, {}, chosen_few.offsets},
                          {rows.reference.chosen, {}, chosen_few.offsets}};
  const auto policy = rows.policy.view(), reference = rows.reference.view();
  for (po::index row = 0; row < 400; ++row) {
    for (auto at = chosen_few.offsets[static_cast<std::size_t>(row)];
         at < chosen_few.offsets[static_cast<std::size_t>(row) + 1]; ++at) {
      const auto slot = chosen_few.slots[static_cast<std::size_t>(at)];
      compact.policy.rejected.push_back(policy.rejected(row, slot));
      compact.reference.rejected.push_back(reference.rejected(row, slot));
    }
  }
  const auto of_compact = evaluate(po::vanilla(po::objective::sdpo), compact.policy.view(), compact.reference.view());
  REQUIRE(same_bits(of_compact.row_loss, whole.row_loss));
  REQUIRE(same_bits(of_compact.gradient.chosen, whole.gradient.chosen));
  REQUIRE(same_bits(of_compact.result.loss, whole.result.loss));
}

TEST_CASE("slices of ragged rows make lists of their own") {
  const table<double> policy{{-5, -5, -5}, {-9, -4, -1, -2, -3}, {0, 2, 3, 5}};
  const auto part = lists_of(po::select::all{}, policy.view().slice(1, 2));
  REQUIRE(part.offsets == std::vector<std::int64_t>{0, 1, 3});
  REQUIRE(part.slots == std::vector<std::int32_t>{0, 0, 1});
}

TEST_CASE("lists are optional: counts alone") {
  const batch<double> rows = random_batch<double>(2, 50, 4);
  const auto counts = po::select_negatives(po::exec::seq, po::select::top_k{.count = 2}, rows.policy.view(), {});
  REQUIRE(counts.selected == 100);
  REQUIRE(counts.rows == 50);
}
