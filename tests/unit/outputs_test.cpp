// SPDX-License-Identifier: MIT
#include "dynamicpo/outputs.hpp"

#include <type_traits>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

TEST_CASE("outputs: left alone, nothing is asked for, the mean is taken, and rows that are not finite throw") {
  const po::outputs<float> out;
  REQUIRE((out.gradient.rows() == 0 && out.row_loss.empty() && out.effective_beta.empty() && out.workspace == nullptr));
  REQUIRE((out.reduction == po::reduction::mean && out.nonfinite == po::nonfinite::throw_));
  const po::selection_outputs<float> lists;
  REQUIRE((lists.offsets.empty() && lists.slots.empty() && lists.rule.empty() && lists.mean_rest.empty()));
  REQUIRE((lists.nonfinite == po::nonfinite::throw_ && lists.workspace == nullptr));
}

TEST_CASE("outputs: numbers by row are of the arithmetic, the gradient of the storage") {
  struct half {
    std::uint16_t bits;
    explicit half(float);
    explicit operator float() const;
  };
  STATIC_REQUIRE(std::is_same_v<decltype(po::outputs<half>{}.row_loss), std::span<float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::outputs<half>{}.gradient), po::scores<half>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::outputs<double>{}.effective_beta), std::span<double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(po::selection_outputs<half>{}.mean_rest), std::span<float>>);
}

TEST_CASE("outputs: what is asked for does not change what else is written") {
  const auto batch = test_support::random_batch<float>(3, 70, 9);
  const auto pipeline = po::dynamic(po::objective::sdpo);
  const auto all = test_support::evaluate(pipeline, batch.policy.view(), batch.reference.view());
  std::vector<float> loss(70), beta(630);
  const auto sum = po::reduction::sum;
  const double by_loss = po::loss(po::exec::seq, pipeline, batch.policy.view(), batch.reference.view(),
                                  {.row_loss = loss, .reduction = sum})
                             .loss;
  const double by_beta = po::loss(po::exec::seq, pipeline, batch.policy.view(), batch.reference.view(),
                                  {.effective_beta = beta, .reduction = sum})
                             .loss;
  REQUIRE((by_loss == all.result.loss && by_beta == all.result.loss));
  REQUIRE((loss == all.row_loss && beta == all.beta));
}
