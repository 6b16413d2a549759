// SPDX-License-Identifier: MIT
#include "dynamicpo/select/concept.hpp"

#include <cmath>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

/// A stranger's selection: the lowest score alone.
struct lowest {
  template <class T>
  po::selection_rule operator()(const po::select::row_scores<T>& row, std::span<std::uint8_t> selected,
                                po::select::scratch<T>&) const {
    std::size_t least = 0;
    for (std::size_t i = 0; i < selected.size(); ++i) {
      selected[i] = 0;
      least = row.rejected[i] < row.rejected[least] ? i : least;
    }
    selected[least] = 1;
    return po::selection_rule::custom;
  }
};

struct says_nothing {
  template <class T>
  void operator()(const po::select::row_scores<T>&, std::span<std::uint8_t>, po::select::scratch<T>&) const {}
};

}  // namespace

TEST_CASE("selections of the library and of strangers model selection, others do not") {
  STATIC_REQUIRE(po::selection<po::select::all, float>);
  STATIC_REQUIRE(po::selection<po::select::boundary, double>);
  STATIC_REQUIRE(po::selection<po::select::violators, float>);
  STATIC_REQUIRE(po::selection<po::select::threshold, double>);
  STATIC_REQUIRE(po::selection<po::select::top_k, float>);
  STATIC_REQUIRE(po::selection<po::select::random_k, double>);
  STATIC_REQUIRE(po::selection<lowest, float>);
  STATIC_REQUIRE_FALSE(po::selection<says_nothing, float>);
  STATIC_REQUIRE_FALSE(po::selection<int, float>);
}

TEST_CASE("a stranger's selection decides the loss, the gradient and the lists") {
  const std::vector<double> chosen{-1}, rejected{-2, -7, -3};
  const auto policy = po::view(chosen, rejected);
  const po::pipeline lowest_dpo{lowest{}, po::beta::fixed{}, po::objective::dpo};
  const auto found = test_support::evaluate(lowest_dpo, policy, po::reference_free);
  REQUIRE(std::abs(found.result.loss - std::log1p(std::exp(-6.0))) <= 1e-15);
  REQUIRE(found.gradient.rejected[1] > 0);
  REQUIRE(found.gradient.rejected[0] == 0);
  REQUIRE(found.gradient.rejected[2] == 0);

  std::vector<std::int64_t> offsets(2);
  std::vector<std::int32_t> slots(3);
  std::vector<po::selection_rule> rule(1);
  const auto counts =
      po::select_negatives(po::exec::seq, lowest{}, policy, {.offsets = offsets, .slots = slots, .rule = rule});
  REQUIRE(counts.selected == 1);
  REQUIRE(slots[0] == 1);
  REQUIRE(rule[0] == po::selection_rule::custom);
}

TEST_CASE("a selection never sees masked, impossible or empty negatives") {
  const std::vector<double> chosen{-1}, rejected{-20, -2, -std::numeric_limits<double>::infinity(), -30, -4};
  const std::vector<std::uint8_t> mask{0, 1, 1, 1, 1};
  const std::vector<std::int32_t> chosen_length{1}, lengths{1, 1, 1, 0, 1};
  const auto policy = po::view(chosen, rejected).with_mask(mask).with_lengths(chosen_length, lengths);
  const po::pipeline lowest_dpo{lowest{}, po::beta::fixed{}, po::objective::dpo};
  REQUIRE(std::abs(po::loss(po::exec::seq, lowest_dpo, policy, po::reference_free).loss - std::log1p(std::exp(-3.0))) <=
          1e-15);
}
