// SPDX-License-Identifier: MIT
#include "dynamicpo/evaluate.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
using test_support::same_bits;

TEMPLATE_TEST_CASE("loss and loss_and_gradient agree to the bit, under every objective and reduction", "", float,
                   double) {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<TestType>(2, 150, 6, ragged);
    test_support::for_each_objective([&](const char* name, const auto& objective) {
      for (const auto reduction : {po::reduction::mean, po::reduction::sum, po::reduction::none}) {
        CAPTURE(name, ragged, static_cast<int>(reduction));
        std::vector<po::compute_of<TestType>> row_loss(150);
        const auto pipeline = po::dynamic(objective);
        const auto loss = po::loss(po::exec::seq, pipeline, batch.policy.view(), batch.reference.view(),
                                   {.row_loss = row_loss, .reduction = reduction});
        const auto both =
            test_support::evaluate(pipeline, batch.policy.view(), batch.reference.view(), {.reduction = reduction});
        REQUIRE(same_bits(loss.loss, both.result.loss));
        REQUIRE(test_support::same_counts(loss, both.result));
        REQUIRE(same_bits(row_loss, both.row_loss));
      }
    });
  }
}

TEMPLATE_TEST_CASE("mean, sum and none differ by the rows that count alone", "", float, double) {
  // Row 1 is invalid, row 3 is empty.
  const test_support::table<TestType> policy{
      {-1, test_support::nan_of<TestType>, -2, -3},
      {-2, -3, -2, -3, -1, -9, -test_support::infinity_of<TestType>, -test_support::infinity_of<TestType>}};
  const auto under = [&](po::reduction reduction) {
    return test_support::evaluate(po::vanilla(po::objective::dmpo), policy.view(), po::reference_free,
                                  {.reduction = reduction});
  };
  const auto mean = under(po::reduction::mean), sum = under(po::reduction::sum), none = under(po::reduction::none);
  REQUIRE((sum.result.rows == 2 && sum.result.invalid_rows == 1 && sum.result.empty_rows == 1));
  REQUIRE(sum.result.first_invalid.row == 1);
  REQUIRE(same_bits(sum, none));
  REQUIRE(same_bits(mean.row_loss, sum.row_loss));
  REQUIRE(std::isnan(sum.row_loss[1]));
  REQUIRE(sum.row_loss[3] == 0);
  const double exact = std::log1p(std::exp(-1.5)) + std::log1p(std::exp(-3.0));
  REQUIRE(std::abs(static_cast<double>(sum.result.loss) - exact) <= 1e-7);
  REQUIRE(mean.result.loss == sum.result.loss / 2);
  for (std::size_t b = 0; b < 4; ++b) {
    const bool counts = b == 0 || b == 2;
    REQUIRE((sum.gradient.chosen[b] != 0) == counts);
    REQUIRE(mean.gradient.chosen[b] == sum.gradient.chosen[b] / 2);
  }
  for (std::size_t i = 0; i < 8; ++i) { REQUIRE(mean.gradient.rejected[i] == sum.gradient.rejected[i] / 2); }
}

TEST_CASE("the gradient of a sum is each row's own, whatever the rest of the batch") {
  const auto batch = test_support::random_batch<double>(6, 40, 5, true);
  const auto pipeline = po::dynamic(po::objective::sdpo);
  const auto whole = test_support::evaluate(pipeline, batch.policy.view(), batch.reference.view());
  for (po::index b = 0; b < 40; ++b) {
    const auto at = static_cast<std::size_t>(b);
    const auto first = batch.policy.rejected.begin() + batch.policy.offsets[at];
    const auto last = batch.policy.rejected.begin() + batch.policy.offsets[at + 1];
    const auto reference = batch.reference.rejected.begin() + batch.policy.offsets[at];
    const test_support::table<double> policy{{batch.policy.chosen[at]}, {first, last}};
    const test_support::table<double> under{{batch.reference.chosen[at]}, {reference, reference + (last - first)}};
    const auto alone = test_support::evaluate(pipeline, policy.view(), under.view());
    REQUIRE(same_bits(test_support::row_of(alone, 0), test_support::row_of(whole, b)));
  }
}

TEST_CASE("effective_beta lies at flat positions, 0 where nothing is selected; slices of ragged rows keep theirs") {
  const std::vector<double> chosen{-5, -5}, rejected{-9, -4, -20, -4, -9, -4.5};
  const std::vector<std::int64_t> offsets{0, 3, 6};
  const auto policy = po::view(chosen, rejected, offsets);
  const auto pipeline = po::dynamic(po::objective::dmpo, {.gamma = 2});
  const auto whole = test_support::evaluate(pipeline, policy, po::reference_free);
  REQUIRE(std::abs(whole.beta[1] - (1 + 0.5 * std::tanh(-13.5 / 11.5))) <= 1e-15);
  REQUIRE(std::abs(whole.beta[5] - (1 + 0.5 * std::tanh(-7.0 / 5))) <= 1e-15);
  REQUIRE((whole.beta[0] == 0 && whole.beta[2] == 0 && whole.beta[4] == 0));

  std::vector<double> beta(6, 99);
  po::loss(po::exec::seq, pipeline, policy.slice(1, 1), po::reference_free, {.effective_beta = beta});
  REQUIRE(beta == std::vector<double>{99, 99, 99, whole.beta[3], 0, whole.beta[5]});
}

TEST_CASE("the mean divides the loss and the gradient by the rows, and no rows lose nothing") {
  const auto batch = test_support::random_batch<double>(12, 64, 3);
  const auto pipeline = po::vanilla(po::objective::mppo);
  const auto mean = test_support::evaluate(pipeline, batch.policy.view(), po::reference_free, {po::reduction::mean});
  const auto sum = test_support::evaluate(pipeline, batch.policy.view(), po::reference_free);
  REQUIRE(mean.result.loss == sum.result.loss / 64);
  REQUIRE(mean.gradient.chosen[63] == sum.gradient.chosen[63] / 64);
  const auto none =
      test_support::evaluate(pipeline, batch.policy.view().slice(0, 0), po::reference_free, {po::reduction::mean});
  REQUIRE(none.result.loss == 0);
  REQUIRE(none.result.rows == 0);
}

TEST_CASE("the gradient may replace the policy scores") {
  auto batch = test_support::random_batch<double>(14, 50, 4);
  const auto pipeline = po::dynamic(po::objective::sdpo);
  const auto expected = test_support::evaluate(pipeline, std::as_const(batch).policy.view(), batch.reference.view());
  const auto policy = batch.policy.view();
  const auto found = po::loss_and_gradient(po::exec::seq, pipeline, policy, batch.reference.view(),
                                           {.gradient = policy, .reduction = po::reduction::sum});
  REQUIRE(same_bits(found.loss, expected.result.loss));
  REQUIRE(same_bits(batch.policy, expected.gradient));
}

TEST_CASE("arguments that do not fit are refused before anything is written") {
  const test_support::table<double> policy{{1, 2}, {1, 2, 3, 4}}, narrow{{1, 2}, {1, 2}};
  auto gradient = test_support::table_like(policy.view(), 7.0), small = test_support::table_like(narrow.view(), 7.0);
  std::vector<double> short_rows{7}, short_beta{7, 7, 7};
  const auto pipeline = po::vanilla(po::objective::dmpo);
  const auto call = [&](const auto& reference, const po::outputs<double>& out) {
    po::loss_and_gradient(po::exec::seq, pipeline, policy.view(), reference, out);
  };
  REQUIRE_THROWS_WITH(call(narrow.view(), {.gradient = gradient.view()}),
                      "dynamicpo::loss_and_gradient: policy is [2] + [2, 2], reference is [2] + [2, 1]");
  REQUIRE_THROWS_WITH(call(po::reference_free, {.gradient = small.view()}),
                      "dynamicpo::loss_and_gradient: policy is [2] + [2, 2], gradient is [2] + [2, 1]");
  REQUIRE_THROWS_AS(call(po::reference_free, {}), std::invalid_argument);
  REQUIRE_THROWS_WITH(call(po::reference_free, {.gradient = gradient.view(), .row_loss = short_rows}),
                      "dynamicpo::loss_and_gradient: row_loss has 1 entries, expected 2");
  REQUIRE_THROWS_WITH(call(po::reference_free, {.gradient = gradient.view(), .effective_beta = short_beta}),
                      "dynamicpo::loss_and_gradient: effective_beta has 3 entries, expected 4");
  REQUIRE(gradient.rejected == std::vector<double>(4, 7.0));
  REQUIRE(short_beta == std::vector<double>(3, 7.0));
  REQUIRE_THROWS_WITH(
      po::loss(po::exec::seq, pipeline, policy.view(), po::reference_free, {.gradient = gradient.view()}),
      "dynamicpo::loss: writes no gradient; call loss_and_gradient");

  const std::vector<std::uint8_t> mask{1, 1, 1, 1};
  REQUIRE_THROWS_AS(call(policy.view().with_mask(mask), {.gradient = gradient.view()}), std::invalid_argument);
  const std::vector<std::int32_t> lengths{1, 1, 1, 1};
  REQUIRE_THROWS_WITH(call(policy.view().with_lengths(lengths, lengths), {.gradient = gradient.view()}),
                      "dynamicpo::loss_and_gradient: policy is not length-normalised, reference is");
}
