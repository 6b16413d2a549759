// SPDX-License-Identifier: MIT
// docs/contract.md, what does not change an answer: the rows beside a wide or long one.
#include <span>
#include <vector>

#include "contract/beta_of_rest.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

using namespace test_support;

TEMPLATE_TEST_CASE("a wide or long dense row has the bits that it has alone, whatever rows lie beside it", "", float,
                   double) {
  const auto check = [](const auto& pipeline, const batch<TestType>& of, const auto& reference) {
    const auto whole = of.policy.view();
    const auto rows = static_cast<std::size_t>(whole.rows());
    auto gradient = table_like<const TestType>(whole, nan_of<TestType>), alone = gradient;
    auto in_place = of.policy;
    std::vector<TestType> row_loss(rows), loss(rows);
    const auto see = [&](const auto& policy, const auto& frozen, const auto& to, std::span<TestType> losses) {
      return po::loss_and_gradient(
          po::exec::seq, pipeline, policy, frozen,
          {.gradient = to, .row_loss = losses, .reduction = po::reduction::sum, .nonfinite = po::nonfinite::skip});
    };
    const auto result = see(whole, reference, gradient.view(), row_loss);
    REQUIRE((result.rows > 20 && result.invalid_rows > 0 && result.rows + result.invalid_rows == whole.rows()));
    for (po::index row = 0; row < whole.rows(); ++row) {
      const auto one = [&] {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(reference)>, po::reference_free_t>) {
          return po::reference_free;
        } else {
          return reference.slice(row, 1);
        }
      }();
      see(whole.slice(row, 1), one, alone.view().slice(row, 1),
          std::span(loss).subspan(static_cast<std::size_t>(row), 1));
    }
    REQUIRE(same_bits(loss, row_loss));
    REQUIRE(same_bits(alone, gradient));
    see(in_place.view(), reference, in_place.view(), loss);
    REQUIRE(same_bits(loss, row_loss));
    REQUIRE(same_bits(in_place, gradient));
  };
  for (const po::index negatives : {31, 32, 47, 64, 65, 79, 80, 100, 129, 1000, 1025}) {
    auto of = random_batch<TestType>(32, 53, negatives);
    of.policy.chosen[7] = nan_of<TestType>;
    of.policy.rejected[static_cast<std::size_t>(20 * negatives)] = nan_of<TestType>;
    of.policy.rejected[static_cast<std::size_t>(40 * negatives - 1)] = -infinity_of<TestType>;
    of.reference.rejected[static_cast<std::size_t>(34 * negatives - 1)] = infinity_of<TestType>;
    CAPTURE(negatives);
    const auto reference = of.reference.view();
    check(po::vanilla(po::objective::dmpo), of, reference);
    check(po::vanilla(po::objective::sdpo), of, reference);
    check(po::vanilla(po::objective::mppo), of, po::reference_free);
    check(po::vanilla(po::objective::dmpo), of, po::reference_free);
    check(po::dynamic(po::objective::dmpo), of, reference);
    check(po::dynamic(po::objective::sdpo), of, reference);
    check(po::dynamic(po::objective::mppo), of, po::reference_free);
    check(po::vanilla(po::objective::slic(2.0)), of, reference);
    check(po::pipeline{po::select::all{}, beta_of_rest{}, po::objective::dmpo}, of, reference);
    check(po::pipeline{po::select::all{}, beta_of_rest{}, po::objective::mppo}, of, po::reference_free);
    check(po::vanilla(po::objective::composed<po::margin::log_ratio, po::aggregate::sum, po::link::logistic>{}), of,
          reference);
  }
}
