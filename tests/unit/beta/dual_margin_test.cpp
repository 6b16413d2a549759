// SPDX-License-Identifier: MIT
#include "dynamicpo/beta/dual_margin.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

namespace {

template <class T>
std::vector<T> betas(T chosen, std::vector<T> rejected, const po::beta::dual_margin& rule) {
  const std::vector<T> chosens{chosen};
  return test_support::evaluate(po::dynamic(po::objective::dmpo, rule), po::view(chosens, std::as_const(rejected)),
                                po::view(chosens, std::as_const(rejected))).beta;
}

}  // namespace

TEMPLATE_TEST_CASE("beta::dual_margin of a violator, by hand", "", float, double) {
  // d1 = -1, d2 = -4 + 14.5: 1 + 0.5 tanh(-13.5 / 11.5), with policy == reference.
  const auto one = betas<TestType>(-5, {-9, -4, -20}, {.gamma = 2});
  REQUIRE(std::abs(static_cast<double>(one[1]) - (1 + 0.5 * std::tanh(-13.5 / 11.5))) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(one[1]) - 0.5872) <= 5e-5);
  REQUIRE((one[0] == 0 && one[2] == 0));
  // The second of two violators: d1 = -0.5, d2 = 4.5.
  const auto two = betas<TestType>(-5, {-4, -9, TestType(-4.5)}, {.gamma = 2});
  REQUIRE(std::abs(static_cast<double>(two[2]) - (1 + 0.5 * std::tanh(-7.0 / 5.0))) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(two[2]) - 0.557) <= 5e-4);
}

TEMPLATE_TEST_CASE("beta::dual_margin scales with its base, spreads with its alpha", "", float, double) {
  const po::beta::context<TestType> at{-5, -4, -14.5};
  const auto tanh = std::tanh(-17.5 / 11.5);
  REQUIRE(std::abs(static_cast<double>(po::beta::dual_margin{}(at)) - (1 + 0.5 * tanh)) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(po::beta::dual_margin{.base = 3, .alpha = 0.25}(at)) - 3 * (1 + 0.25 * tanh)) <=
          3e-7);
  REQUIRE(po::beta::dual_margin{.base = 3, .alpha = 0}(at) == TestType(3));
}

TEMPLATE_TEST_CASE("beta::dual_margin takes the limit where both distances are 0", "", float, double) {
  const po::beta::context<TestType> at{-7, -7, -7};
  REQUIRE(po::beta::dual_margin{.base = 2, .gamma = 6}(at) == TestType(1));
  REQUIRE(po::beta::dual_margin{.base = 2, .gamma = -6}(at) == TestType(3));
  REQUIRE(po::beta::dual_margin{.base = 2, .gamma = 0}(at) == TestType(2));
  REQUIRE(betas<TestType>(-7, {-7}, {.gamma = 2}) == std::vector<TestType>{TestType(0.5)});
  // The limit is one: nearly 0 gives the same.
  const po::beta::context<TestType> near{-7, std::nextafter(TestType(-7), TestType(0)), -7};
  REQUIRE(po::beta::dual_margin{.base = 2, .gamma = 6}(near) == TestType(1));
}

TEMPLATE_TEST_CASE("beta::dual_margin of strict violators above the rest stays below 1 - alpha tanh 1", "", float,
                   double) {
  // d1 < 0 < d2, so the quotient is at most -1 for every gamma >= 0.
  const auto batch = test_support::random_batch<TestType>(77, 400, 8);
  const auto policy = batch.policy.view();
  constexpr double alpha = 0.5, slack = 4 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  int tested = 0;
  for (const double gamma : {0.0, 2.0, 6.0}) {
    const po::pipeline pipeline{po::select::violators{}, po::beta::dual_margin{.alpha = alpha, .gamma = gamma},
                                po::objective::dmpo};
    const auto found = test_support::evaluate(pipeline, policy, po::reference_free);
    for (po::index b = 0; b < policy.rows(); ++b) {
      int violators = 0;
      for (po::index k = 0; k < 8; ++k) { violators += policy.rejected(b, k) >= policy.chosen(b) ? 1 : 0; }
      if (violators == 0 || violators == 8) { continue; }
      for (po::index k = 0; k < 8; ++k) {
        if (!(policy.rejected(b, k) > policy.chosen(b))) { continue; }
        const auto beta = static_cast<double>(found.beta[static_cast<std::size_t>(policy.flat(b) + k)]);
        REQUIRE(beta >= 1 - alpha - slack);
        REQUIRE(beta <= 1 - alpha * std::tanh(1.0) + slack);
        ++tested;
      }
    }
  }
  REQUIRE(tested > 1000);
}

TEMPLATE_TEST_CASE("beta::dual_margin lies within [base (1 - alpha), base (1 + alpha)] for any scores", "", float,
                   double) {
  po::sample::philox_engine random{1};
  for (int i = 0; i < 100000; ++i) {
    const auto any = [&] {
      const double sign = random.below(2) == 0 ? -1 : 1;
      return random.below(8) == 0 ? 0.0 : sign * std::exp(40 * random.uniform() - 20);
    };
    const double base = 2 * random.uniform(), alpha = random.uniform();
    const po::beta::dual_margin rule{.base = base, .alpha = alpha, .gamma = any()};
    const TestType chosen = static_cast<TestType>(any()), rejected = static_cast<TestType>(any());
    const TestType beta = rule(po::beta::context<TestType>{chosen, rejected, any()});
    const double rounding = 4 * base * static_cast<double>(std::numeric_limits<TestType>::epsilon());
    REQUIRE(static_cast<double>(beta) >= base * (1 - alpha) - rounding);
    REQUIRE(static_cast<double>(beta) <= base * (1 + alpha) + rounding);
  }
}

TEST_CASE("beta::dual_margin: far from 0 the mean of the rest keeps its digits, in float") {
  // d1 = d2 up to an eighth of the spacing of floats near -1200: invisible to a mean rounded to float.
  const po::beta::dual_margin rule{.base = 1, .alpha = 0.5, .gamma = 0};
  const float chosen = -1200.0f + 0x1p-13f, rejected = -1200.0f;
  const double rest = -1200.0 - 0x1p-13 - 0x1p-16;
  const float beta = rule(po::beta::context<float>{chosen, rejected, rest});
  REQUIRE(std::abs(beta - static_cast<float>(1 + 0.5 * std::tanh(-0x1p-16 / (2 * 0x1p-13 + 0x1p-16)))) <= 1e-6f);
  REQUIRE(beta < 0.98f);
}
