// SPDX-License-Identifier: MIT
// docs/contract.md, what does not change an answer: the rows beside a row.
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/rows.hpp"

using namespace test_support;

TEMPLATE_TEST_CASE("a ragged row has the bits that it has alone, whatever lengths lie beside it", "", float, double) {
  po::sample::philox_engine random{31};
  const std::vector<po::index (*)(po::sample::philox_engine&)> lengths{
      [](po::sample::philox_engine& draw) { return po::index{draw.below(4)}; },
      [](po::sample::philox_engine& draw) { return po::index{draw.below(70)}; },
      [](po::sample::philox_engine& draw) {
        return po::index{draw.below(5) == 0 ? 64 - draw.below(3) : draw.below(2)};
      },
      [](po::sample::philox_engine& draw) { return po::index{14 + draw.below(4)}; }};
  const auto check = [&](const auto& pipeline, const batch<TestType>& of, const std::vector<std::uint8_t>& mask) {
    auto gradient = table_like<const TestType>(of.policy.view(), nan_of<TestType>);
    auto in_place = of.policy;
    const auto masked = [&](const auto& view) { return mask.empty() ? view : view.with_mask(mask); };
    po::loss_and_gradient(po::exec::seq, pipeline, masked(of.policy.view()), of.reference.view(),
                          {.gradient = gradient.view(), .reduction = po::reduction::sum});
    po::loss_and_gradient(po::exec::seq, pipeline, masked(in_place.view()), of.reference.view(),
                          {.gradient = in_place.view(), .reduction = po::reduction::sum});
    REQUIRE(same_bits(gradient, in_place));
    for (po::index row = 0; row < of.policy.view().rows(); ++row) {
      const auto at = static_cast<std::size_t>(row);
      const auto first = static_cast<std::size_t>(of.policy.offsets[at]);
      const auto count = static_cast<std::size_t>(of.policy.offsets[at + 1]) - first;
      const auto part = [&](const std::vector<TestType>& all) {
        return std::vector<TestType>(all.begin() + static_cast<std::ptrdiff_t>(first),
                                     all.begin() + static_cast<std::ptrdiff_t>(first + count));
      };
      const table<TestType> policy{{of.policy.chosen[at]}, part(of.policy.rejected)},
          reference{{of.reference.chosen[at]}, part(of.reference.rejected)};
      auto alone = table_like<const TestType>(policy.view(), nan_of<TestType>);
      const auto own = mask.empty() ? policy.view() : policy.view().with_mask(std::span(mask).subspan(first, count));
      po::loss_and_gradient(po::exec::seq, pipeline, own, reference.view(),
                            {.gradient = alone.view(), .reduction = po::reduction::sum});
      REQUIRE(same_bits(alone.chosen[0], gradient.chosen[at]));
      REQUIRE(same_bits(alone.rejected, part(gradient.rejected)));
    }
  };
  for (const auto length : lengths) {
    batch<TestType> of;
    of.policy.offsets = {0};
    for (po::index row = 0; row < 200; ++row) {
      const po::index count = length(random);
      for (po::index k = -1; k < count; ++k) {
        (k < 0 ? of.policy.chosen : of.policy.rejected).push_back(static_cast<TestType>(between(random, -9, -2)));
        (k < 0 ? of.reference.chosen : of.reference.rejected).push_back(static_cast<TestType>(between(random, -9, -2)));
      }
      of.policy.offsets.push_back(static_cast<std::int64_t>(of.policy.rejected.size()));
    }
    of.reference.offsets = of.policy.offsets;
    std::vector<std::uint8_t> mask;
    for (std::size_t k = 0; k < of.policy.rejected.size(); ++k) {
      mask.push_back(static_cast<std::uint8_t>(random.below(4) > 0));
    }
    for (const auto& some : {std::vector<std::uint8_t>{}, mask}) {
      check(po::vanilla(po::objective::dmpo), of, some);
      check(po::vanilla(po::objective::sdpo), of, some);
      check(po::vanilla(po::objective::mppo), of, some);
      check(po::dynamic(po::objective::dmpo), of, some);
    }
  }
}
