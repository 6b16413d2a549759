// SPDX-License-Identifier: MIT
// docs/contract.md, what does not change an answer: negatives that are masked out.
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

}  // namespace

TEMPLATE_TEST_CASE("masked negatives count as if they were not there: the same bits, and gradients of 0 without a sign",
                   "", float, double) {
  po::sample::philox_engine random{32};
  const auto check = [](const auto& pipeline, const batch<TestType>& dense, const std::vector<std::uint8_t>& mask,
                        const batch<TestType>& left) {
    CAPTURE(dense.policy.rejected.size() / dense.policy.chosen.size());
    auto masked = table_like<const TestType>(dense.policy.view(), nan_of<TestType>);
    auto removed = table_like<const TestType>(left.policy.view(), nan_of<TestType>);
    std::vector<TestType> beta(masked.rejected.size(), nan_of<TestType>), beta_left(removed.rejected.size());
    const auto with_mask =
        po::loss_and_gradient(po::exec::seq, pipeline, dense.policy.view().with_mask(mask), dense.reference.view(),
                              {.gradient = masked.view(), .effective_beta = beta});
    const auto without = po::loss_and_gradient(po::exec::seq, pipeline, left.policy.view(), left.reference.view(),
                                               {.gradient = removed.view(), .effective_beta = beta_left});
    REQUIRE(same_bits(with_mask.loss, without.loss));
    REQUIRE(with_mask.empty_rows == without.empty_rows);
    REQUIRE(same_bits(masked.chosen, removed.chosen));
    const auto check_entries = [&](const std::vector<TestType>& all, const std::vector<TestType>& expected) {
      std::vector<TestType> there, absent;
      for (std::size_t i = 0; i < mask.size(); ++i) { (mask[i] != 0 ? there : absent).push_back(all[i]); }
      REQUIRE(same_bits(there, expected));
      REQUIRE(same_bits(absent, std::vector<TestType>(absent.size(), TestType(0))));
    };
    check_entries(masked.rejected, removed.rejected);
    check_entries(beta, beta_left);
  };
  for (const po::index negatives : {1, 4, 8, 11, 15, 16, 19, 40, 64, 150, 700}) {
    const auto rows = std::size_t{70}, size = static_cast<std::size_t>(negatives);
    auto dense = random_batch<TestType>(33, 70, negatives);
    batch<TestType> left;
    left.policy.chosen = dense.policy.chosen;
    left.reference.chosen = dense.reference.chosen;
    left.policy.offsets = {0};
    std::vector<std::uint8_t> mask;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::uint32_t kind = random.below(6);  // nothing there, all there, or some
      for (std::size_t i = row * size; i < (row + 1) * size; ++i) {
        mask.push_back(static_cast<std::uint8_t>(kind == 0 ? 0 : kind == 1 ? 1 : random.below(2)));
        if (mask.back() != 0) {
          left.policy.rejected.push_back(dense.policy.rejected[i]);
          left.reference.rejected.push_back(dense.reference.rejected[i]);
        } else {
          dense.policy.rejected[i] = random.below(2) == 0 ? nan_of<TestType> : infinity_of<TestType>;
        }
      }
      left.policy.offsets.push_back(static_cast<std::int64_t>(left.policy.rejected.size()));
    }
    left.reference.offsets = left.policy.offsets;
    check(po::vanilla(po::objective::dmpo), dense, mask, left);
    check(po::vanilla(po::objective::sdpo), dense, mask, left);
    check(po::vanilla(po::objective::mppo), dense, mask, left);
    check(po::dynamic(po::objective::dmpo), dense, mask, left);
    check(po::pipeline{po::select::all{}, po::beta::dual_margin{}, po::objective::sdpo}, dense, mask, left);
    // Slopes that are 0, of either sign, or infinite: of what takes part they show, of what does not they must not.
    for (const double base : {0.0, -1.0}) { check(po::vanilla(po::objective::sdpo, base), dense, mask, left); }
    for (const double scale : {1.0, 1e18, 1e30}) {
      auto scaled = dense;
      auto scaled_left = left;
      for (auto* all : {&scaled.policy, &scaled_left.policy}) {
        for (TestType& score : all->chosen) { score *= static_cast<TestType>(scale); }
      }
      const po::objective::composed<po::margin::log_ratio, po::aggregate::soft_minimum, po::link::hinge> hinge{};
      const po::objective::composed<po::margin::log_ratio, po::aggregate::soft_minimum, po::link::squared> squared{};
      check(po::vanilla(hinge), scaled, mask, scaled_left);
      check(po::vanilla(squared), scaled, mask, scaled_left);
    }
  }
}
